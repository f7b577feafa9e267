import type { Logger } from '../observe/log';
import { CommitUnknown, isOutage } from '../postgres/errors';
import { type Answer, problem, unavailable } from './problem';

/** Prisma's codes and the kinds its driver adapters report for a database that is away, overloaded or failing over. */
const PRISMA_OUTAGES = new Set([
  'P1001',
  'P1002',
  'P1008',
  'P1017',
  'P2024',
  'P2034',
  'DatabaseNotReachable',
  'ConnectionClosed',
  'SocketTimeout',
  'TooManyConnections',
  'TransactionWriteConflict',
]);

/** The answer to a fault: 503 for what passes, otherwise a 500 that tells the log, not the client, what happened. */
export function answerToFault(error: unknown, log: Logger): Answer {
  if (error instanceof CommitUnknown) {
    log.warn({ err: error }, 'a request was answered 503, and its effect is unknown');
    return unavailable(
      'The connection to the database broke while the change was being committed: it may have happened. Look before you repeat it, or use an Idempotency-Key.',
    );
  }
  if (isTransient(error)) {
    log.warn({ err: error }, 'a request was answered 503');
    return unavailable('The service cannot reach its database right now, and nothing was changed.');
  }
  log.error({ err: error }, 'a request was answered 500');
  return problem(500, {
    detail: 'This is a fault of the service. Its log has the details under this trace_id.',
  });
}

/** Looks through the chain of causes, because libraries wrap what the driver threw. */
function isTransient(error: unknown): boolean {
  for (let fault = error, depth = 0; fault instanceof Object && depth < 8; depth++) {
    const { code, kind, cause } = fault as { code?: unknown; kind?: unknown; cause?: unknown };
    if (isOutage(fault) || PRISMA_OUTAGES.has(String(code)) || PRISMA_OUTAGES.has(String(kind))) {
      return true;
    }
    fault = cause;
  }
  return false;
}
