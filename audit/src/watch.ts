import { createInternalServer } from '../../shared/http/internal';
import { repeat } from '../../shared/loop';
import { auditLastSuccess, invariantViolation } from '../../shared/observe/audit-metrics';
import type { Logger } from '../../shared/observe/log';
import { type AuditOptions, audit, type Report } from './audit';
import { type Invariant, invariants } from './finding';
import type { Books } from './reading';
import { countOf } from './report';

/**
 * Audits again and again, and exports what was found for Prometheus. An audit that could not look changes neither the
 * findings nor the time of the last success: that time growing old is the alarm for it.
 */
export async function watch(
  books: Books,
  log: Logger,
  options: AuditOptions & { host: string; port: number; intervalMs: number },
): Promise<{ port: number; stop(): Promise<void> }> {
  const internal = createInternalServer({
    log,
    checks: Object.fromEntries(
      Object.entries({ order: books.order, payment: books.payment, stock: books.stock }).map(
        ([name, database]) => [name, () => database.ready()],
      ),
    ),
  });
  const address = { host: options.host, port: options.port, variable: 'AUDIT_PORT' };
  const port = await internal.start(address);
  const look = async () => publish(await audit(books, options), log);
  const failed = (error: unknown) => log.error({ err: error }, 'the audit could not look; trying again');
  await look().catch(failed);
  const loop = repeat(options.intervalMs, look, failed);
  internal.started();
  return {
    port,
    async stop() {
      internal.draining();
      await loop.stop();
      await internal.stop();
    },
  };
}

function publish({ findings, tookMs }: Report, log: Logger): void {
  for (const invariant of Object.keys(invariants) as Invariant[]) {
    invariantViolation.set({ invariant }, countOf(findings, invariant));
  }
  auditLastSuccess.setToCurrentTime();
  for (const finding of findings) log.error(finding, 'an invariant is violated');
  log.info({ findings: findings.length, took_ms: tookMs }, 'audited');
}
