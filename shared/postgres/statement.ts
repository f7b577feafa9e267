declare const row: unique symbol;

/** One SQL statement, prepared once per connection under its name. `Row` is the shape of what it returns. */
export interface Statement<Row> {
  readonly name: string;
  readonly text: string;
  /** Whether it changes nothing, locks aside: run outside a transaction it would do no harm. */
  readonly reads: boolean;
  readonly [row]?: Row;
}

/** @param name unique within a service: it names the prepared statement */
export function statement<Row = never>(name: string, text: string): Statement<Row> {
  return { name, text, reads: text.startsWith('SELECT') };
}
