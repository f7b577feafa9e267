import { type RateLimiterMemory, type RateLimiterPostgres, RateLimiterRes } from 'rate-limiter-flexible';
import { problem, Refusal } from '../../shared/http/problem';
import { DatabaseUnavailable, databaseCauseOf } from '../../shared/postgres/errors';

/** A point that was taken, until its window ends. */
export interface Consumed {
  readonly key: string;
  readonly until: number;
  readonly consumedPoints: number;
}

/** @throws {Refusal} with 429 when there is no point left */
export async function consume(
  limiter: RateLimiterPostgres | RateLimiterMemory,
  key: string,
): Promise<Consumed> {
  try {
    const { msBeforeNext, consumedPoints } = await ofTable(limiter.consume(key));
    return { key, until: performance.now() + msBeforeNext, consumedPoints };
  } catch (error) {
    throw error instanceof RateLimiterRes
      ? tooMany(Math.max(Math.ceil(error.msBeforeNext / 1_000), 1))
      : error;
  }
}

/** The library says in its own way that the table cannot be used. @throws DatabaseUnavailable */
export function ofTable<T>(result: Promise<T>): Promise<T> {
  return result.catch((error) => {
    throw error instanceof RateLimiterRes || databaseCauseOf(error) !== undefined
      ? error
      : new DatabaseUnavailable('attempts cannot be counted', { cause: error });
  });
}

export function tooMany(seconds: number): Refusal {
  const detail = `There were too many attempts from where you are. Wait ${seconds} seconds, and try again.`;
  const headers = { 'Retry-After': String(seconds) };
  return new Refusal(problem(429, { reason: 'too_many_attempts', detail, headers }));
}
