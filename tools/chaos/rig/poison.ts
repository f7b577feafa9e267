import { randomUUID } from 'node:crypto';
import type { Random } from '../random';

/** A message that no step can handle, and that must end in the dead-letter queue of the queue it was put into. */
interface Dose {
  body: Buffer;
  /** To be called once the broker has it. */
  given(): void;
}

const traceparent = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-00`;
const recipes: ((label: string) => string)[] = [
  (label) => `{"${label}":`,
  (label) => JSON.stringify({ label }),
  (label) => JSON.stringify([{ specversion: '9.9', type: 'payment.captured', traceparent, label }]),
  (label) => JSON.stringify([{ specversion: '1.0', type: 'payment.forgiven', traceparent, data: { label } }]),
  (label) => `[${' '.repeat(200_000)}"${label}"]`,
];
/** Well formed, but of a saga that stock has never heard of: only stock.settle has to refuse it. */
const forged = (label: string) =>
  JSON.stringify([
    {
      specversion: '1.0',
      type: 'payment.captured',
      traceparent,
      data: { saga_id: randomUUID(), order_id: label, amount: 1 },
    },
  ]);

/** Keeps account of the poison, so that in the end it can be told from whatever else was parked. */
export class Poison {
  private readonly labels = new Map<string, { queue: string; given: boolean }>();

  mix(queue: string, random: Random): Dose {
    const label = `poison-${randomUUID()}`;
    const known = { queue, given: false };
    this.labels.set(label, known);
    const recipe = random.pick(queue === 'stock.settle' ? [...recipes, forged] : recipes);
    return {
      body: Buffer.from(recipe(label)),
      given() {
        known.given = true;
      },
    };
  }

  /** The label in a parked message, if it is poison. */
  labelIn(body: string): string | undefined {
    const label = /poison-[0-9a-f-]{36}/.exec(body)?.[0];
    return label !== undefined && this.labels.has(label) ? label : undefined;
  }

  /** Poison that the broker has confirmed, and with it the duty to park it. */
  given(): { label: string; queue: string }[] {
    return [...this.labels].flatMap(([label, { queue, given }]) => (given ? [{ label, queue }] : []));
  }
}
