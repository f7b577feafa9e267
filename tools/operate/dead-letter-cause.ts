import { z } from 'zod';

export type Headers = Record<string, unknown>;

/** Why a message is a dead letter. */
export interface Cause {
  /** ISO 8601; undefined when the message does not say. */
  readonly parked_at: string | undefined;
  readonly error_code: string;
  readonly error: string;
  /** What to do, where the broker gave up on the message, and no step has refused it. */
  readonly advice?: string;
}

const NO_REASON = 'the message does not say why';

/** RabbitMQ puts the latest death first; times are in seconds. */
const death = z.object({ reason: z.string(), time: z.object({ value: z.number().min(0).max(1e11) }) });
const deaths = z.tuple([death]).rest(z.unknown());

/** A step that parks a message gives the reason in our headers; a broker that gives up on one, in its own. */
export function causeOf(headers: Headers): Cause {
  const { 'x-parked-at': at, 'x-error-code': code, 'x-error': error, 'x-death': died } = headers;
  if (typeof at === 'string' && !Number.isNaN(Date.parse(at))) {
    const [error_code, reason] = [code ?? 'UNKNOWN', error ?? NO_REASON].map(String) as [string, string];
    return { parked_at: new Date(at).toISOString(), error_code, error: reason };
  }
  const read = deaths.safeParse(died);
  if (!read.success) {
    return { parked_at: undefined, error_code: 'UNKNOWN', error: NO_REASON };
  }
  const { reason, time } = read.data[0];
  const [meaning, advice] = BROKER_REASONS.get(reason) ?? [
    `the broker gave up on it for a reason that this program does not know (${reason})`,
    "Look the reason up in RabbitMQ's documentation of dead-letter exchanges, and mend its cause. Then redrive it.",
  ];
  return {
    parked_at: new Date(time.value * 1_000).toISOString(),
    error_code: reason.toUpperCase(),
    error: meaning,
    advice,
  };
}

/** What RabbitMQ means by each reason of x-death, and what to do then. */
const BROKER_REASONS: ReadonlyMap<string, readonly [meaning: string, advice: string]> = new Map([
  [
    'delivery_limit',
    [
      'the broker delivered it as often as the queue allows, and it always came back: each process that took it ended, or ' +
        'lost its connection, without acknowledging it',
      'Read in the logs of the service why its processes ended, and mend that. Then redrive it.',
    ],
  ],
  [
    'expired',
    [
      'it waited in its queue for longer than a time limit allows, and no step has handled it',
      'We set no time limit: a policy or another sender does. Remove it ("rabbitmqctl list_policies" lists the ' +
        'policies), and see why nobody consumed the queue. Then redrive it.',
    ],
  ],
  [
    'maxlen',
    [
      'its queue was full and dropped it, and no step has handled it',
      'Our queues refuse new messages instead when they are full (x-overflow is reject-publish), so somebody has ' +
        'declared this one in another way, or set a policy. Mend that, and see why the queue was full. Then redrive it.',
    ],
  ],
  [
    'rejected',
    [
      'a consumer rejected it without an error of ours, which no service does',
      "Find out who else takes messages from this queue: another program, or a person in RabbitMQ's management pages. " +
        'Then redrive it, which does no harm even if a step has handled it.',
    ],
  ],
]);
