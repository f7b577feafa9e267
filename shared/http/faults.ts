import type { Logger } from '../observe/log';
import { CommitUnknown, databaseCauseOf, type FaultCause } from '../postgres/errors';
import { type Answer, problem, unavailable } from './problem';

/** What the client is told about each cause. Only the log gets the details. */
const DETAILS: Readonly<Record<Exclude<FaultCause, 'work'>, string>> = {
  unreachable: 'The service cannot reach its database right now.',
  refused: 'The database does not let the service do this right now. An operator has to mend that.',
  schema: 'The tables and the service are of different versions, as during an upgrade.',
  locked: 'Another transaction holds a row or a table that this request needs.',
  other: 'The database could not do this right now.',
};

/** Returns the answer to a fault: 503 if the fault is temporary, otherwise 500. */
export function answerToFault(error: unknown, log: Logger): Answer {
  if (error instanceof CommitUnknown) {
    log.warn({ err: error }, 'answered a request with 503; its effect is unknown');
    return unavailable(
      'The connection to the database broke during the commit, so the request may have had its effect. ' +
        'If it had an Idempotency-Key, repeat it with the same key; otherwise check before you repeat it.',
    );
  }
  const cause = databaseCauseOf(error);
  if (cause === undefined || cause === 'work') {
    log.error({ err: error }, 'answered a request with 500');
    return problem(500, {
      detail: 'The service failed unexpectedly. Its log has the details under this trace_id.',
    });
  }
  log.warn({ err: error, cause }, 'answered a request with 503');
  return unavailable(`${DETAILS[cause]} Nothing was changed.`);
}
