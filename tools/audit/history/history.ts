import { z } from 'zod';

/** One request and its answer. */
const exchange = z.object({
  /** When it was sent, in milliseconds of any monotonic clock. */
  at: z.number(),
  /** When its answer arrived, by the same clock. Absent when none came: the outcome is unknown. */
  answered_at: z.number().optional(),
  /** Method and path, for example `POST /orders/checkout/1`. */
  request: z.string().regex(/^[A-Z]+ \/\S*$/),
  /** Its Idempotency-Key, if it had one. */
  key: z.string().optional(),
  status: z.number().int().optional(),
  /** The JSON body of the answer. */
  body: z.record(z.string(), z.unknown()).optional(),
});
export type Exchange = z.infer<typeof exchange>;

/**
 * Reads a history: one JSON object a line.
 * @throws Error naming the first line that is not an exchange
 */
export function readHistory(text: string): Exchange[] {
  return text
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line, i) => {
      try {
        return exchange.parse(JSON.parse(line));
      } catch (cause) {
        throw new Error(`Line ${i + 1} of the history is not a JSON object with a request and its answer.`, {
          cause,
        });
      }
    });
}

/** done: the request had its effect; refused: it never will; unknown: it may have had its effect. */
export type Outcome = 'done' | 'refused' | 'unknown';

export function classify({ status, body }: Exchange): Outcome {
  if (status === undefined || status === 202 || status >= 500) {
    return 'unknown';
  }
  // Another request with this key is in flight, and this one shares its outcome.
  if (body?.reason === 'idempotency_key_in_flight') {
    return 'unknown';
  }
  return status < 300 ? 'done' : 'refused';
}

export function answeredAt({ answered_at }: Exchange): number {
  return answered_at ?? Number.POSITIVE_INFINITY;
}
