import pg, { type PoolClient } from 'pg';
import { asDatabaseFault, CommitUnknown, DatabaseUnavailable } from './errors';
import type { Statement } from './statement';
import type { Tx } from './tx';

/**
 * A transaction on the wire, in as few round trips as its work allows: what is issued first goes along with BEGIN, and what
 * nobody waits for goes along with COMMIT.
 */
export class OpenTransaction implements Tx {
  private readonly begun: Promise<unknown>;
  private latest: Promise<unknown>;
  private firstFault: unknown;

  constructor(
    private readonly client: PoolClient,
    access: 'READ ONLY' | 'READ WRITE' = 'READ WRITE',
  ) {
    this.begun = this.query(`BEGIN ${access}`, refused);
    this.latest = this.begun;
    this.begun.catch(() => {});
  }

  async run<Row>(statement: Statement<Row>, values: readonly unknown[] = []): Promise<Row[]> {
    const answered = this.query<Row>({ name: statement.name, text: statement.text, values: [...values] });
    this.latest = answered;
    const [, rows] = await Promise.all([this.begun, answered]);
    return rows;
  }

  send(statement: Statement<unknown>, values?: readonly unknown[]): void {
    // COMMIT tells of it.
    this.run(statement, values).catch(() => {});
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
    if (this.firstFault) {
      throw this.firstFault;
    }
    const answer = await this.client.query('COMMIT').catch((error) => {
      const refused = error instanceof pg.DatabaseError && error.severity === 'ERROR';
      throw refused ? error : new CommitUnknown('the connection was lost in COMMIT', { cause: error });
    });
    if (answer.command === 'COMMIT') {
      return;
    }
    // Answers come in the order of the statements, so that what has failed is known when the last one is answered.
    await this.latest;
    throw new Error(`COMMIT was answered with ${answer.command}`);
  }

  /** Once a statement has failed, the server refuses the next ones; what is told is always why the first failed. */
  private async query<Row>(config: string | pg.QueryConfig, faultOf = asDatabaseFault): Promise<Row[]> {
    try {
      return (await this.client.query(config as pg.QueryConfig)).rows;
    } catch (error) {
      this.firstFault ??= faultOf(error);
      throw this.firstFault;
    }
  }
}

/** Whatever the server has against a transaction, nothing has happened yet, and it may think otherwise later. */
function refused(error: unknown): DatabaseUnavailable {
  return new DatabaseUnavailable('the database lets no transaction begin', { cause: error });
}
