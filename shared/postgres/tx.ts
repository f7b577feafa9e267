import type { Statement } from './statement';

/** Runs statements. Each is sent as soon as it is issued, so independent ones may be issued together. */
export interface Reader {
  /** @throws DatabaseError (with its SQLSTATE) or DatabaseUnavailable */
  run<Row>(statement: Statement<Row>, values?: readonly unknown[]): Promise<Row[]>;
}

/** An open transaction. */
export interface Tx extends Reader {
  /** Like `run`, for a statement that needs no answer: it is sent before COMMIT, and the transaction fails if it does. */
  send(statement: Statement<unknown>, values?: readonly unknown[]): void;
}
