import type { DeadLetter, Messages } from './messages';
import type { PoisonMessages } from './poison';

/** All dead letters of a run, wherever they are by now: in their queues, or taken out before a fault could delete them. */
export class DeadLetters {
  private readonly taken: DeadLetter[] = [];

  constructor(
    private readonly messages: Pick<Messages, 'drainDeadLetters'>,
    private readonly poison: PoisonMessages,
  ) {}

  /** Empties the dead-letter queues. Returns what has been parked since the start of the run or since `forget`. */
  async collect(): Promise<readonly DeadLetter[]> {
    await this.messages.drainDeadLetters((letter) => this.taken.push(letter));
    return this.taken;
  }

  /** Starts over, because what was parked so far has been judged. */
  forget(): void {
    this.taken.length = 0;
  }

  /**
   * Call it before and after messages of these queues are deleted: the poison among them may be lost. What has been
   * parked by then is kept, and what is published later must be parked as before.
   */
  async expectLosses(queues: readonly string[]): Promise<void> {
    const parked = new Set((await this.collect()).map(({ body }) => this.poison.findLabel(body)));
    this.poison.excuse((label, queue) => queues.includes(queue) && !parked.has(label));
  }
}
