// Applies migrations so that the shop goes on meanwhile, and so that a run that is killed at any moment leaves nothing
// to mend: a script and the record that it is finished are one transaction. What PostgreSQL refuses to do in a
// transaction is one statement that is safe to run again.
import { type Client, DatabaseError, type QueryConfig } from 'pg';
import { SQLSTATE } from '../../shared/postgres/sqlstates';
import { runnersOf } from './blockers';
import { askPerson, tookEffect } from './interrupted';
import {
  checksumOf,
  type HistoryRow,
  readHistory,
  recordFinished,
  recordRolledBack,
  recordStarted,
} from './migration-history';
import { type Migration, NO_TRANSACTION } from './migrations';
import { inTurns, patiently, type Session, until } from './patience';

/**
 * Returns the names of the migrations that were missing.
 * @throws Error that says what to do, when one fails or does not get its locks in time
 */
export async function applyMigrations(session: Session, migrations: readonly Migration[]): Promise<string[]> {
  const history = await readHistory(session.client);
  const applied: string[] = [];
  for (const [i, migration] of migrations.entries()) {
    const row = history.get(migration.name);
    if (!row?.finished_at) {
      await bring(session, migrations.slice(0, i), migration, row).catch((error) => {
        throw error instanceof DatabaseError ? failed(migration, error) : error;
      });
      applied.push(migration.name);
    }
  }
  return applied;
}

async function bring(
  session: Session,
  earlier: readonly Migration[],
  migration: Migration,
  interrupted: HistoryRow | undefined,
): Promise<void> {
  if (migration.repeatable) {
    return repeat(session, migration, interrupted);
  }
  if (interrupted && (await isDone(session, earlier, migration, interrupted))) {
    await recordFinished(session.client, interrupted.id);
    return session.say(`${migration.name} had taken effect before it was interrupted. Now that is recorded.`);
  }
  const { client } = session;
  await inTurns(session, migration.name, async () => {
    if (interrupted) {
      await recordRolledBack(client, interrupted.id);
    }
    const id = await recordStarted(client, migration);
    await client.query(migration.script);
    await recordFinished(client, id);
  });
}

/** An index whose build was interrupted is left behind, invalid: it serves no query, and IF NOT EXISTS would keep it. */
async function repeat(session: Session, migration: Migration, row: HistoryRow | undefined): Promise<void> {
  const { client } = session;
  const { name, script, index } = migration;
  const same = row?.checksum === checksumOf(migration);
  if (row && !same) {
    await recordRolledBack(client, row.id);
  }
  const id = same ? row.id : await recordStarted(client, migration);
  await patiently(session, name, async () => {
    if (index !== undefined && (await isInvalid(client, index))) {
      session.say(`${name} builds the index ${index} anew, because an earlier build was interrupted.`);
      await client.query(`DROP INDEX CONCURRENTLY ${client.escapeIdentifier(index)}`);
    }
    // In this way PostgreSQL refuses a script of several statements, which would be one transaction.
    await client.query({ text: script, queryMode: 'extended' } as QueryConfig);
  });
  if (index !== undefined && (await isInvalid(client, index))) {
    throw new Error(`${name} left the index ${index} invalid. Run this again.`);
  }
  await recordFinished(client, id);
}

async function isDone(
  session: Session,
  earlier: readonly Migration[],
  migration: Migration,
  row: HistoryRow,
): Promise<boolean> {
  if (row.checksum !== checksumOf(migration)) {
    throw askPerson(row, 'Its script was another one then.');
  }
  // A server notices late that the program is gone whose script it runs.
  const look = () => runnersOf(session.watcher, migration.script);
  await until(session, `${migration.name} is still running`, async () => (await look()).length === 0, look);
  const done = await tookEffect(session.client, earlier, migration);
  if (done === undefined) {
    throw askPerson(row, 'The schema does not show whether it took effect.');
  }
  return done;
}

async function isInvalid(client: Client, index: string): Promise<boolean> {
  const { rowCount } = await client.query(
    'SELECT FROM pg_index WHERE indexrelid = to_regclass($1) AND NOT indisvalid',
    [client.escapeIdentifier(index)],
  );
  return rowCount === 1;
}

function failed({ name, repeatable }: Migration, error: DatabaseError): Error {
  const { code, message, detail } = error;
  const effect = repeatable ? 'It is run again next time.' : 'Nothing of it was applied.';
  const advice =
    code === SQLSTATE.ACTIVE_SQL_TRANSACTION
      ? ` Put that statement alone into a migration whose first line is "${NO_TRANSACTION}".`
      : '';
  const text = `${name} failed: ${message}${detail ? ` (${detail})` : ''}. ${effect}${advice}`;
  return new Error(text, { cause: error });
}
