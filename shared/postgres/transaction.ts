import pg, { type PoolClient } from 'pg';
import type { Tx } from './database';
import { asDatabaseFault, CommitUnknown } from './errors';
import type { Statement } from './statement';

/**
 * A transaction on the wire, in as few round trips as its work allows: what reads goes along with BEGIN, and what nobody
 * waits for goes along with COMMIT.
 */
export class OpenTransaction implements Tx {
  private readonly begun: Promise<unknown>;
  private latest: Promise<unknown>;
  /** Set once something waits for BEGIN, so that what is issued after it is not sent before it. */
  private waiting = false;
  private firstFault: unknown;

  constructor(private readonly client: PoolClient) {
    this.begun = this.send('BEGIN');
    this.latest = this.begun;
    this.begun.catch(() => {});
  }

  async run<Row>(statement: Statement<Row>, values: readonly unknown[] = []): Promise<Row[]> {
    // Were BEGIN cancelled with a statement right behind it, that statement would commit alone.
    this.waiting ||= !statement.reads;
    if (this.waiting) await this.begun;
    const answered = this.send<Row>({ ...statement, values: [...values] });
    this.latest = answered;
    const [, rows] = await Promise.all([this.begun, answered]);
    return rows;
  }

  /** Returns whether the connection is of no more use. */
  async rollback(): Promise<boolean> {
    return this.client.query('ROLLBACK').then(
      () => false,
      () => true,
    );
  }

  /**
   * A failed transaction answers COMMIT with ROLLBACK and no error, so the answer itself is looked at. A session that
   * the server ends (FATAL) may have committed before.
   */
  async commit(): Promise<void> {
    await this.begun;
    const answer = await this.client.query('COMMIT').catch((error) => {
      const refused = error instanceof pg.DatabaseError && error.severity === 'ERROR';
      throw refused ? error : new CommitUnknown('the connection was lost in COMMIT', { cause: error });
    });
    if (answer.command === 'COMMIT') return;
    // Answers come in the order of the statements, so that what has failed is known when the last one is answered.
    await this.latest;
    throw new Error(`COMMIT was answered with ${answer.command}`);
  }

  /** Once a statement has failed, the server refuses the next ones; what is told is always why the first failed. */
  private async send<Row>(config: string | pg.QueryConfig): Promise<Row[]> {
    try {
      return (await this.client.query(config as pg.QueryConfig)).rows;
    } catch (error) {
      this.firstFault ??= asDatabaseFault(error);
      throw this.firstFault;
    }
  }
}
