import { Gauge } from 'prom-client';
import { registers } from '../../shared/observe/metrics';

// Only the auditor exports these metrics: a service cannot know whether an invariant is violated.

export const invariantViolation = new Gauge({
  name: 'saga_invariant_violation',
  help: 'Findings of the last completed audit, by invariant. Anything above 0 is a defect. An invariant without findings is left out while audits do not complete. I7, I8 and I10 are about answers to clients, so they stay 0 here.',
  labelNames: ['invariant'] as const,
  registers,
});

export const auditLastSuccess = new Gauge({
  name: 'saga_audit_last_success_timestamp_seconds',
  help: 'When the last completed audit ended, whatever it found; 0 before the first.',
  registers,
});

export const auditLastRoundCompleted = new Gauge({
  name: 'saga_audit_last_round_completed',
  help: 'Whether the latest audit could read everything (1) or not (0). While it is 0, the findings are those of an earlier audit.',
  registers,
});

export const auditInterval = new Gauge({
  name: 'saga_audit_interval_seconds',
  help: 'The pause between the end of an audit and the beginning of the next. The alert AuditNotRunning waits for two of them, and for the audits.',
  registers,
});

export const auditDuration = new Gauge({
  name: 'saga_audit_duration_seconds',
  help: 'How long the last completed audit took. An audit that takes longer than AUDIT_TIMEOUT_MS is aborted.',
  registers,
});
