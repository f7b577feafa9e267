import { createInternalServer } from '../../shared/http/internal';
import type { Logger } from '../../shared/observe/log';
import { repeat } from '../../shared/service/loop';
import { perService } from '../../shared/services';
import type { ShopDatabases } from '../support/databases';
import { type AuditOptions, audit, type Report } from './audit';
import { type Invariant, invariants } from './finding';
import { auditDuration, auditLastRoundCompleted, auditLastSuccess, invariantViolation } from './metrics';
import { countOf } from './report';

export interface Watching {
  readonly port: number;
  /** Resolves when the first round has ended, whatever came of it. */
  readonly looked: Promise<void>;
  /** Begins no further round, and resolves when the one under way has ended. */
  stop(): Promise<void>;
}

/**
 * Audits again and again, and exports what was found for Prometheus. A round begins when the one before it has ended and
 * the interval has passed. One that did not complete says so, and changes neither the findings nor the time of the last
 * success: what is shown then is of that time, and its growing old is the alarm.
 */
export async function watch(
  books: ShopDatabases,
  log: Logger,
  options: AuditOptions & { host: string; port: number; intervalMs: number },
): Promise<Watching> {
  const internal = createInternalServer({ log, checks: perService((name) => () => books[name].ready()) });
  const { host, port: wanted } = options;
  const port = await internal.start({ host, port: wanted, variable: 'AUDIT_PORT' });
  // Not after the first round: on large books that takes longer than whoever started this would wait.
  internal.markStarted();

  let completedAt: string | undefined;
  const look = async () => {
    const report = await audit(books, options);
    publish(report, log);
    completedAt = report.at;
  };
  const failed = (error: unknown) => {
    auditLastRoundCompleted.set(0);
    const outdated = completedAt ? `what is shown is of ${completedAt}` : 'nothing has been audited yet';
    log.error({ err: error }, `the audit could not look at everything: ${outdated}; trying again`);
  };

  const looked = look().catch(failed);
  const rounds = looked.then(() => repeat(options.intervalMs, look, failed));
  return {
    port,
    looked,
    async stop() {
      internal.markDraining();
      await (await rounds).stop();
      await internal.stop();
    },
  };
}

function publish({ findings, tookMs }: Report, log: Logger): void {
  for (const invariant of Object.keys(invariants) as Invariant[]) {
    invariantViolation.set({ invariant }, countOf(findings, invariant));
  }
  auditLastRoundCompleted.set(1);
  auditLastSuccess.setToCurrentTime();
  auditDuration.set(tookMs / 1_000);
  for (const finding of findings) {
    log.error(finding, 'an invariant is violated');
  }
  log.info({ findings: findings.length, took_ms: tookMs }, 'audited');
}
