import pg, { type PoolClient } from 'pg';
import { asDatabaseFault, asRefusal, CommitUnknown } from './errors';
import { asParameter } from './parameter';
import type { Statement } from './statement';
import type { Tx } from './tx';

/**
 * A transaction in as few round trips as its work allows: the first statements travel with BEGIN, and
 * statements that are not awaited travel with COMMIT.
 */
export class OpenTransaction implements Tx {
  private readonly begin: Promise<unknown>;
  private latest: Promise<unknown>;
  private firstFault: unknown;

  constructor(
    private readonly client: PoolClient,
    access: 'READ ONLY' | 'READ WRITE' = 'READ WRITE',
  ) {
    this.begin = this.query(`BEGIN ${access}`, asRefusal);
    this.latest = this.begin;
    this.begin.catch(() => {});
  }

  async run<Row>(statement: Statement<Row>, values: readonly unknown[] = []): Promise<Row[]> {
    const result = this.query<Row>({
      name: statement.name,
      text: statement.text,
      values: values.map(asParameter),
    });
    this.latest = result;
    const [, rows] = await Promise.all([this.begin, result]);
    return rows;
  }

  send(statement: Statement<unknown>, values?: readonly unknown[]): void {
    // `commit` throws the error.
    this.run(statement, values).catch(() => {});
  }

  /** Returns whether the connection cannot be used any more. */
  async rollback(): Promise<boolean> {
    return this.client.query('ROLLBACK').then(
      () => false,
      () => true,
    );
  }

  /**
   * PostgreSQL answers the COMMIT of a failed transaction with ROLLBACK and no error, so the answer itself is checked.
   * If the server ends the session (FATAL), it may have committed first.
   */
  async commit(): Promise<void> {
    await this.begin;
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
    // Answers arrive in the order of the statements, so a failure is known once the last one is answered.
    await this.latest;
    throw new Error(`PostgreSQL answered COMMIT with ${answer.command}`);
  }

  /** After a failed statement, the server refuses all later ones, so each throws the error of the first. */
  private async query<Row>(config: string | pg.QueryConfig, faultOf = asDatabaseFault): Promise<Row[]> {
    try {
      return (await this.client.query(config as pg.QueryConfig)).rows;
    } catch (error) {
      this.firstFault ??= faultOf(error);
      throw this.firstFault;
    }
  }
}
