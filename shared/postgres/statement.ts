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
 * The parameter of a statement that changes each row its own way, and finds the rows by the keys of this. It joins nothing, so
 * that there is one plan for it, whatever the planner takes the tables to be (docs/decisions/0006).
 */
export function asJson(changes: Iterable<readonly [key: string, change: unknown]>): string {
  return JSON.stringify(Object.fromEntries(changes));
}

/** Rows as one array for each of these columns, in this order: the parameters of a statement that inserts by unnest. */
export function columns<Row, Names extends readonly (keyof Row)[]>(rows: readonly Row[], ...names: Names) {
  return names.map((name) => rows.map((row) => row[name])) as { [I in keyof Names]: Row[Names[I]][] };
}

/**
 * An array as PostgreSQL writes it, for one that is itself an element. JSON quotes as it does, but for control characters,
 * which no id has.
 */
export function asArrayText(values: readonly (string | number)[]): string {
  return `{${JSON.stringify(values).slice(1, -1)}}`;
}
