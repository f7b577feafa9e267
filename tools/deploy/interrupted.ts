// A migration of ours and the record that it is finished are one transaction. An older version of this program, and
// `prisma migrate`, record the start and the end on their own: after a crash between the two, nothing says whether the
// script, which is a transaction too, took effect. This file finds that out from the schema.
import { type Client, DatabaseError } from 'pg';
import type { HistoryRow } from './migration-history';
import { type Migration, withoutComments } from './migrations';

/** A name that no migration uses. The schema never exists outside a transaction. */
const SCRATCH = 'migrate_scratch';

/** Everything that a script can change in a schema, but for data, as a line for each thing. */
const schemaLines = `
  SELECT format('column %s.%s %s %s %s%s %s', relname, attname, format_type(atttypid, atttypmod), attnotnull,
           attgenerated, attstorage, pg_get_expr(adbin, adrelid)) AS line
  FROM pg_class JOIN pg_attribute ON attrelid = pg_class.oid AND attnum > 0 AND NOT attisdropped
  LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
  WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'p', 'v', 'm')
  UNION ALL SELECT format('%s %s %s', relkind, relname, reloptions) FROM pg_class
  WHERE relnamespace = current_schema()::regnamespace AND relkind <> 'i'
  UNION ALL SELECT format('index %s %s', pg_get_indexdef(indexrelid, 0, true), reloptions)
  FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid
  WHERE relnamespace = current_schema()::regnamespace AND indisvalid
  UNION ALL SELECT format('constraint %s.%s %s', conrelid::regclass, conname, pg_get_constraintdef(oid, true))
  FROM pg_constraint WHERE connamespace = current_schema()::regnamespace
  UNION ALL SELECT format('trigger %s', pg_get_triggerdef(pg_trigger.oid, true))
  FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid
  WHERE relnamespace = current_schema()::regnamespace AND NOT tgisinternal
  UNION ALL SELECT format('function %s(%s) %s', proname, pg_get_function_arguments(oid), prosrc)
  FROM pg_proc WHERE pronamespace = current_schema()::regnamespace`;

/**
 * Runs all migrations up to this one in an empty schema, compares what the last of them changes there with what the
 * database has, and rolls all of it back.
 * @returns undefined when the schema does not show whether the migration took effect, or a script needs more than the
 * migrations before it
 */
export async function tookEffect(
  client: Client,
  earlier: readonly Migration[],
  migration: Migration,
): Promise<boolean | undefined> {
  await client.query('BEGIN');
  try {
    const now = await readLines(client);
    await client.query(`CREATE SCHEMA ${SCRATCH}; SET LOCAL search_path = ${SCRATCH}`);
    for (const { script, repeatable } of earlier) {
      await client.query(repeatable ? insideTransaction(script) : script);
    }
    const before = await readLines(client);
    await client.query(migration.script);
    const after = await readLines(client);
    const added = [...after].filter((line) => !before.has(line));
    const removed = [...before].filter((line) => !after.has(line));
    const changes = [...added.map((line) => now.has(line)), ...removed.map((line) => !now.has(line))];
    const [first] = changes;
    return changes.every((change) => change === first) ? first : undefined;
  } catch (error) {
    if (error instanceof DatabaseError) {
      return undefined;
    }
    throw error;
  } finally {
    await client.query('ROLLBACK');
  }
}

async function readLines(client: Client): Promise<Set<string>> {
  const { rows } = await client.query<{ line: string }>(schemaLines);
  return new Set(rows.map(({ line }) => line));
}

/** What a script that runs outside a transaction does to the schema. Other statements than those move only data. */
function insideTransaction(script: string): string {
  const statement = withoutComments(script);
  return /\bINDEX\s+CONCURRENTLY\b/i.test(statement) ? statement.replace(/\bCONCURRENTLY\b/i, '') : '';
}

/** Says what only a person can find out, and what to do then. */
export function askPerson({ id, migration_name, started_at, logs }: HistoryRow, why: string): Error {
  return new Error(
    `${migration_name} was started at ${started_at.toISOString()} by another program or an older version, and was not ` +
      `finished${logs ? ` (${logs.replace(/\s+/g, ' ').trim()})` : ''}. ${why} Look whether its changes are there. ` +
      `If they are: UPDATE _prisma_migrations SET finished_at = now(), applied_steps_count = 1 WHERE id = '${id}'; ` +
      `if not: UPDATE _prisma_migrations SET rolled_back_at = now() WHERE id = '${id}'; then run this again.`,
  );
}
