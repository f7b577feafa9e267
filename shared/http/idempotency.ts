import type { Database } from '../postgres/database';
import { recordStaff, type Staff } from '../postgres/staff';
import { statement } from '../postgres/statement';
import type { Tx } from '../postgres/tx';
import { type Answer, problem } from './problem';
import { limitLockWait } from './row-turns';

/**
 * `Idempotency-Key` as in draft-ietf-httpapi-idempotency-key-header: the answer is stored in the transaction of the
 * effect, so that there is never one without the other, and a repeated request gets the stored answer.
 */
export interface KeyedRequest {
  readonly method: string;
  readonly path: string;
  readonly bodyHash?: string | undefined;
  readonly idempotencyKey: string | undefined;
  readonly staff?: Staff | undefined;
  /** Whether its effect locks one row, and runs again if it does not get it soon: see row-turns.ts. */
  readonly locksRow?: boolean;
}

interface StoredAnswer {
  readonly fingerprint: string;
  readonly status: number;
  readonly body: string;
}

/** The transaction keeps the lock until it ends, so a second request with the key finds that the first is in flight. */
const lockKey = statement<{ locked: boolean }>(
  'idempotency_lock',
  'SELECT pg_try_advisory_xact_lock(hashtextextended($1, 0)) AS locked',
);

const findAnswer = statement<StoredAnswer>(
  'idempotency_find',
  'SELECT fingerprint, status, body FROM idempotency_keys WHERE key = $1',
);

const keepAnswer = statement(
  'idempotency_keep',
  'INSERT INTO idempotency_keys (key, fingerprint, status, body) VALUES ($1, $2, $3, $4)',
);

/**
 * Runs `effect` in one transaction; with a key, only the first time. A refusal is an answer like any other. What staff does is
 * written down in the same transaction.
 */
export async function answerOnce(
  database: Database,
  request: KeyedRequest,
  effect: (tx: Tx) => Promise<Answer>,
): Promise<Answer> {
  const { idempotencyKey: key, locksRow, staff, method, path } = request;
  const run = async (tx: Tx) => {
    if (locksRow) {
      tx.send(limitLockWait);
    }
    const answer = await effect(tx);
    if (staff !== undefined && answer.status < 300) {
      recordStaff(tx, [{ staff, method, path }]);
    }
    return answer;
  };
  if (key === undefined) {
    return database.transaction(run);
  }
  return database.transaction(async (tx) => {
    const conflict = await claimKey(tx, key);
    if (conflict !== undefined) {
      return conflict;
    }
    const stored = await replay(tx, request, key);
    if (stored !== undefined) {
      return stored;
    }
    const answer = await run(tx);
    if (answer.isTransient) {
      return answer;
    }
    await tx.run(keepAnswer, [key, fingerprint(request), answer.status, JSON.stringify(answer.body)]);
    return answer;
  });
}

/** Returns the stored answer, for a route that would otherwise do something slow or fallible before its transaction. */
export async function storedAnswer(database: Database, request: KeyedRequest): Promise<Answer | undefined> {
  const { idempotencyKey: key } = request;
  return key === undefined ? undefined : database.transaction((tx) => replay(tx, request, key));
}

/** Two requests with the same fingerprint are the same. */
export function fingerprint({ method, path, bodyHash }: KeyedRequest): string {
  return [method, path, ...(bodyHash === undefined ? [] : [bodyHash])].join(' ');
}

/** Locks the key for this transaction, or returns a 409 if another transaction has locked it. */
async function claimKey(tx: Tx, key: string): Promise<Answer | undefined> {
  const [lock] = await tx.run(lockKey, [key]);
  return lock?.locked === true ? undefined : keyInFlight();
}

export function keyInFlight(): Answer {
  return problem(409, {
    reason: 'idempotency_key_in_flight',
    detail: 'A request with this Idempotency-Key is still being handled. Repeat this one in a moment.',
    headers: { 'Retry-After': '1' },
  });
}

export function keyReused(): Answer {
  return problem(422, {
    reason: 'idempotency_key_reused',
    detail: 'This Idempotency-Key was used for another request. Use a new key for each new request.',
  });
}

async function replay(tx: Tx, request: KeyedRequest, key: string): Promise<Answer | undefined> {
  const [stored] = await tx.run(findAnswer, [key]);
  if (stored === undefined) {
    return undefined;
  }
  if (stored.fingerprint !== fingerprint(request)) {
    return keyReused();
  }
  return {
    status: stored.status,
    body: JSON.parse(stored.body),
    headers: { 'Idempotency-Replayed': 'true' },
  };
}
