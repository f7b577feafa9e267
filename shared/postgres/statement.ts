declare const row: unique symbol;

/** One SQL statement, prepared once per connection under its name. `Row` is the shape of what it returns. */
export interface Statement<Row> {
  readonly name: string;
  readonly text: string;
  readonly [row]?: Row;
}

/** @param name unique within a service: it names the prepared statement */
export function statement<Row = never>(name: string, text: string): Statement<Row> {
  return { name, text };
}

/**
 * Encodes the parameter of a statement that writes a different value to each row. The keys of the object select the
 * rows. Such a statement joins nothing, so it has one plan, whatever the planner assumes about the tables
 * (docs/decisions/0006).
 */
export function asJson(
  changes: Iterable<readonly [key: string, change: NonNullable<unknown> | null]>,
): string {
  return JSON.stringify(Object.fromEntries(changes));
}

/**
 * Returns the text of a statement that finds which of the rows with the keys in $1 another session has locked. It waits
 * for no lock: it locks the rows that are free, in the order of their keys, and returns the others.
 * @param columns what it returns of a locked row
 */
export function findLocked(table: string, key: string, type: 'text' | 'uuid', columns = key): string {
  return `WITH free AS (
     SELECT ${key} FROM ${table} WHERE ${key} = ANY ($1::${type}[]) ORDER BY ${key} FOR NO KEY UPDATE SKIP LOCKED
   )
   SELECT ${columns} FROM ${table} WHERE ${key} = ANY ($1::${type}[]) AND ${key} NOT IN (SELECT ${key} FROM free)`;
}

/** Returns one array per named column, in this order: the parameters of a statement that inserts with unnest. */
export function columns<Row, Names extends readonly (keyof Row)[]>(rows: readonly Row[], ...names: Names) {
  return names.map((name) => rows.map((row) => row[name])) as { [I in keyof Names]: Row[Names[I]][] };
}

/**
 * Returns an array as PostgreSQL writes it, for use as an element of another array. JSON writes it in the same way but
 * for the brackets, unless it has control characters, which no id has.
 */
export function asArrayText(values: readonly (string | number | null)[]): string {
  return `{${JSON.stringify(values).slice(1, -1)}}`;
}
