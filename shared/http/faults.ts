import type { Logger } from '../observe/log';
import { CommitUnknown, isOutage } from '../postgres/errors';
import { type Answer, problem, unavailable } from './problem';

/** SQLSTATEs and kinds that Prisma's adapter reports when a database is unavailable, overloaded or failing over. */
const READ_OUTAGE =
  /^(?:(?:08|53|57|58)...|25006|25P03|40001|40P01|42703|42P01|55P03|DatabaseNotReachable|ConnectionClosed|SocketTimeout|TooManyConnections|TransactionWriteConflict)$/;

/** What node-postgres says about a lost connection. Prisma passes it on as it is. */
const CONNECTION_LOST =
  /Connection terminated|timeout expired|timeout exceeded when trying to connect|Query read timeout|Client (?:was closed|has encountered a connection error)/;

/** Returns the answer to a fault: 503 if the fault is temporary, otherwise 500. Only the log gets the details. */
export function answerToFault(error: unknown, log: Logger): Answer {
  if (error instanceof CommitUnknown) {
    log.warn({ err: error }, 'answered a request with 503; its effect is unknown');
    return unavailable(
      'The connection to the database broke during the commit, so the request may have had its effect. ' +
        'If it had an Idempotency-Key, repeat it with the same key; otherwise check before you repeat it.',
    );
  }
  if (isOutage(error) || isReadOutage(error)) {
    log.warn({ err: error }, 'answered a request with 503');
    return unavailable('The service cannot reach its database right now. Nothing was changed.');
  }
  log.error({ err: error }, 'answered a request with 500');
  return problem(500, {
    detail: 'The service failed unexpectedly. Its log has the details under this trace_id.',
  });
}

/** Plain reads go through Prisma, which wraps the server's error twice. */
function isReadOutage(error: unknown): boolean {
  if (!(error instanceof Error)) {
    return false;
  }
  const { meta } = error as {
    meta?: { driverAdapterError?: { cause?: { kind?: string; originalCode?: string } } };
  };
  const { kind = '', originalCode = '' } = meta?.driverAdapterError?.cause ?? {};
  return READ_OUTAGE.test(kind) || READ_OUTAGE.test(originalCode) || CONNECTION_LOST.test(error.message);
}
