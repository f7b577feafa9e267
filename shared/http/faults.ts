import type { Logger } from '../observe/log';
import { CommitUnknown, isOutage } from '../postgres/errors';
import { type Answer, problem, unavailable } from './problem';

/** SQLSTATEs and kinds that Prisma's driver adapter reports of a database that is away, overloaded or failing over. */
const READ_OUTAGE =
  /^(?:(?:08|53|57|58)...|25006|25P03|40001|40P01|42703|42P01|55P03|DatabaseNotReachable|ConnectionClosed|SocketTimeout|TooManyConnections|TransactionWriteConflict)$/;

/** What node-postgres says of a connection, which Prisma passes on as it is. */
const CONNECTION_LOST =
  /Connection terminated|timeout expired|timeout exceeded when trying to connect|Query read timeout|Client (?:was closed|has encountered a connection error)/;

/** The answer to a fault: 503 for what passes, otherwise a 500 that tells the log, not the client, what happened. */
export function answerToFault(error: unknown, log: Logger): Answer {
  if (error instanceof CommitUnknown) {
    log.warn({ err: error }, 'a request was answered 503, and its effect is unknown');
    return unavailable(
      'The connection to the database broke while the change was being committed: it may have happened. Look before you repeat it, or use an Idempotency-Key.',
    );
  }
  if (isOutage(error) || isReadOutage(error)) {
    log.warn({ err: error }, 'a request was answered 503');
    return unavailable('The service cannot reach its database right now, and nothing was changed.');
  }
  log.error({ err: error }, 'a request was answered 500');
  return problem(500, {
    detail: 'This is a fault of the service. Its log has the details under this trace_id.',
  });
}

/** Plain reads go through Prisma, which wraps what the server said twice over. */
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
