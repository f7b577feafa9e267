import type { Logger } from '../observe/log';
import { requestsShed } from '../observe/metrics';
import { sparseLog } from '../observe/sparse-log';
import { isOverloaded } from '../postgres/bounded-pool';
import { CommitUnknown, databaseCauseOf, type FaultCause } from '../postgres/errors';
import { type Answer, busy, overloaded, problem, unavailable } from './problem';

/** What the client is told about each cause. */
const UNAVAILABLE: Readonly<Record<Exclude<FaultCause, 'work' | 'locked'>, string>> = {
  unreachable: 'The service cannot reach its database right now.',
  refused: 'The database does not let the service do this right now. An operator has to mend that.',
  schema: 'The tables and the service are of different versions, as during an upgrade.',
  other: 'The database could not do this right now.',
};
const BUSY = 'Another transaction has locked what this request needs, or it took too long and was stopped.';

/**
 * Returns a function that answers faults: 503 with the cause if the fault is temporary, otherwise 500. Only the log gets
 * the details; thousands of requests may fail for the same cause, and it has no use for all of them.
 */
export function openFaultAnswers(log: Logger): (error: unknown, trace_id: string) => Answer {
  const logSparsely = sparseLog(log);
  const refuse = (answer: Answer, fields: object): Answer => {
    const { reason, detail } = answer.body as { reason: string; detail: string };
    logSparsely(`answered a request with 503: ${detail}`, { reason, ...fields });
    return answer;
  };

  return (error, trace_id) => {
    if (error instanceof CommitUnknown) {
      log.warn({ err: error, trace_id }, 'answered a request with 503; its effect is unknown');
      return unavailable(
        'The connection to the database broke during the commit, so the request may have had its effect. ' +
          'If it had an Idempotency-Key, repeat it with the same key; otherwise check before you repeat it.',
      );
    }
    if (isOverloaded(error)) {
      requestsShed.inc({ limit: 'pool' });
      const detail =
        'Too many requests wait for the database connections that they share, so nothing was done.';
      return refuse(overloaded(detail), { trace_id });
    }
    const cause = databaseCauseOf(error);
    if (cause === 'locked') {
      return refuse(busy(BUSY), { trace_id });
    }
    if (cause !== undefined && cause !== 'work') {
      return refuse(unavailable(`${UNAVAILABLE[cause]} Nothing was changed.`), {
        err: error,
        cause,
        trace_id,
      });
    }
    log.error({ err: error, trace_id }, 'answered a request with 500');
    return problem(500, {
      detail: 'The service failed unexpectedly. Its log has the details under this trace_id.',
    });
  };
}
