import type { SagaEvent } from '../contract/events';
import type { Tx } from '../postgres/tx';

/** The result of a batch of events, apart from changed rows. */
export interface StepOutcome {
  /** The events that follow, written to the outbox in the same transaction. */
  emit: SagaEvent[];
  /** Events that changed nothing because they had been handled before, or because their saga has ended. */
  duplicates: number;
  /** Called once the transaction is committed. */
  afterCommit?: () => void | Promise<void>;
}

/**
 * A step of a saga: it takes a batch of events and an open transaction, and may be run again with the same events.
 * It has no access to channels, acknowledgements, clocks or loggers. `Event` is what its queue receives.
 */
export interface Step<Event extends SagaEvent = SagaEvent> {
  /** The queue it consumes, which is also its name. */
  readonly queue: string;
  /** @param isCautious whether another session may hold locks: then the step waits for none that it can do without */
  run(tx: Tx, events: readonly Event[], isCautious?: boolean): Promise<StepOutcome>;
  /**
   * Finds the events that need a row which another session has locked right now, each with the name of the row, such as
   * "items/42". It waits for no lock, and locks the rows that the other events need.
   */
  findBlocked(tx: Tx, events: readonly Event[]): Promise<ReadonlyMap<Event, string>>;
  /** The tables whose rows `findBlocked` names, each with its key column. */
  readonly lockedRows: Readonly<Record<string, string>>;
}
