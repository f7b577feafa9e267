import type { Statement } from './statement';

/** What statements are asked of: they are sent as they are issued, so independent ones may be issued together. */
export interface Reader {
  /** @throws DatabaseError (with its SQLSTATE) or DatabaseUnavailable */
  run<Row>(statement: Statement<Row>, values?: readonly unknown[]): Promise<Row[]>;
}

/** An open transaction. */
export interface Tx extends Reader {
  /** Like `run`, for what needs no answer: it goes ahead of COMMIT, and the transaction fails with it. */
  send(statement: Statement<unknown>, values?: readonly unknown[]): void;
}
