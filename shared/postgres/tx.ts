import type { Statement } from './statement';

/** Runs statements. Each is sent at once, so independent ones may be issued without waiting in between. */
export interface Reader {
  /** @throws DatabaseError (with its SQLSTATE) or DatabaseUnavailable */
  run<Row>(statement: Statement<Row>, values?: readonly unknown[]): Promise<Row[]>;
}

/** An open transaction. */
export interface Tx extends Reader {
  /** Like `run`, when no answer is needed: it is sent before COMMIT, and if it fails, so does the transaction. */
  send(statement: Statement<unknown>, values?: readonly unknown[]): void;
}
