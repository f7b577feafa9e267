import { randomUUID } from 'node:crypto';
import type { Random } from '../random';

/** A message that no step can handle, so it must end in the dead-letter queue of the queue that it was published to. */
interface PoisonMessage {
  body: Buffer;
  /** Call it when the broker has confirmed the message. */
  markPublished(): void;
}

const traceparent = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-00`;
const templates: ((label: string) => string)[] = [
  (label) => `{"${label}":`,
  (label) => JSON.stringify({ label }),
  (label) => JSON.stringify([{ specversion: '9.9', type: 'payment.captured', traceparent, label }]),
  (label) => JSON.stringify([{ specversion: '1.0', type: 'payment.forgiven', traceparent, data: { label } }]),
  (label) => `[${' '.repeat(200_000)}"${label}"]`,
];
/** Well formed, but about a saga that stock does not know. Only stock.settle has to park it. */
const forged = (label: string) =>
  JSON.stringify([
    {
      specversion: '1.0',
      type: 'payment.captured',
      traceparent,
      data: { saga_id: randomUUID(), order_id: label, amount: 1 },
    },
  ]);

/** Creates poison messages and records them, so that any other dead letters are noticed. */
export class PoisonMessages {
  private readonly labels = new Map<string, { queue: string; isPublished: boolean; mayBeLost: boolean }>();

  create(queue: string, random: Random): PoisonMessage {
    const label = `poison-${randomUUID()}`;
    const entry = { queue, isPublished: false, mayBeLost: false };
    this.labels.set(label, entry);
    const template = random.pick(queue === 'stock.settle' ? [...templates, forged] : templates);
    return {
      body: Buffer.from(template(label)),
      markPublished() {
        entry.isPublished = true;
      },
    };
  }

  /** Returns the label in a parked message; undefined when it is not one of the poison messages. */
  findLabel(body: string): string | undefined {
    const label = /poison-[0-9a-f-]{36}/.exec(body)?.[0];
    return label !== undefined && this.labels.has(label) ? label : undefined;
  }

  /** Says of the poison messages so far which ones a fault may have deleted. */
  excuse(mayBeLost: (label: string, queue: string) => boolean): void {
    for (const [label, entry] of this.labels) {
      entry.mayBeLost ||= mayBeLost(label, entry.queue);
    }
  }

  /** The poison messages that the broker has confirmed and no fault can have deleted. All of them must be parked. */
  mustBeParked(): { label: string; queue: string }[] {
    return [...this.labels].flatMap(([label, { queue, isPublished, mayBeLost }]) =>
      isPublished && !mayBeLost ? [{ label, queue }] : [],
    );
  }
}
