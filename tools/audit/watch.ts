import { createInternalServer } from '../../shared/http/internal-server';
import type { Logger } from '../../shared/observe/log';
import { repeat } from '../../shared/service/loop';
import { perParticipant } from '../../shared/services';
import type { ShopDatabases } from '../support/databases';
import { type AuditOptions, audit, type Report } from './audit';
import { type Invariant, invariants } from './finding';
import {
  auditDuration,
  auditInterval,
  auditLastRoundCompleted,
  auditLastSuccess,
  invariantViolation,
} from './metrics';
import { countOf } from './report';

const invariantNames = Object.keys(invariants) as Invariant[];

export interface Watching {
  readonly port: number;
  /** Resolves when the first round has ended, whether or not it completed. */
  readonly firstRound: Promise<void>;
  /** Begins no more rounds, and resolves when the current one has ended. */
  stop(): Promise<void>;
}

/**
 * Audits again and again, and exports the findings for Prometheus. A round begins when the previous one has ended and
 * the interval has passed. If a round does not complete, it is logged, and the time of the last success does not change:
 * AuditNotRunning fires when that is too long ago. Bad news stays until an audit says otherwise, and good news goes at
 * once, because an invariant that held an hour ago may not hold now.
 */
export async function watch(
  databases: ShopDatabases,
  log: Logger,
  options: AuditOptions & { host: string | undefined; port: number; intervalMs: number },
): Promise<Watching> {
  const internal = createInternalServer({
    log,
    checks: perParticipant((name) => () => databases[name].ready()),
  });
  const { host, port: wanted } = options;
  const port = await internal.start({ host, port: wanted, variable: 'AUDIT_PORT' });
  // Not after the first round: on large databases it takes longer than a supervisor waits for a start.
  internal.markStarted();

  auditInterval.set(options.intervalMs / 1_000);
  let completed: Report | undefined;
  const auditOnce = async () => {
    completed = await audit(databases, options);
    exportReport(completed, log);
  };
  const onFailure = (error: unknown) => {
    auditLastRoundCompleted.set(0);
    const findings = completed?.findings ?? [];
    withdraw(invariantNames.filter((invariant) => countOf(findings, invariant) === 0));
    const shown = completed
      ? `the metrics show only the findings of ${completed.at}`
      : 'no audit has completed yet';
    log.error({ err: error }, `the audit did not complete; ${shown}; trying again`);
  };

  const firstRound = auditOnce().catch(onFailure);
  const rounds = firstRound.then(() => repeat(options.intervalMs, auditOnce, onFailure));
  return {
    port,
    firstRound,
    async stop() {
      internal.markDraining();
      await (await rounds).stop();
      await internal.stop();
    },
  };
}

/** Takes back that these invariants hold. */
function withdraw(names: readonly Invariant[]): void {
  for (const invariant of names) {
    invariantViolation.remove({ invariant });
  }
}

function exportReport({ findings, tookMs }: Report, log: Logger): void {
  for (const invariant of invariantNames) {
    invariantViolation.set({ invariant }, countOf(findings, invariant));
  }
  auditLastRoundCompleted.set(1);
  auditLastSuccess.setToCurrentTime();
  auditDuration.set(tookMs / 1_000);
  for (const finding of findings) {
    log.error(finding, 'an invariant is violated');
  }
  log.info({ findings: findings.length, took_ms: tookMs }, 'audit completed');
}
