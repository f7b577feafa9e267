import type { SagaEvent } from '../../shared/contract/events';
import type { Statement } from '../../shared/postgres/statement';
import type { Tx } from '../../shared/postgres/tx';

/**
 * Just enough of a database to run the services' steps on: tables whose rows are replaced and never mutated, and
 * transactions that see what is committed and what they wrote themselves.
 *
 * Where PostgreSQL makes a transaction wait for a row that another one has locked, a transaction here finds at its commit
 * that something it read has changed, and must be run again. Either way transactions behave as if they ran one by one.
 */
export class Table<Row> {
  private readonly rows = new Map<string, Row>();
  /** The partial index of unfinished work, in the order in which its rows were first written. */
  readonly open = new Map<string, Row>();
  openChanges = 0;

  constructor(readonly isOpen: (row: Row) => boolean = () => false) {}

  get size(): number {
    return this.rows.size;
  }
  get(key: string): Row | undefined {
    return this.rows.get(key);
  }
  all(): Row[] {
    return [...this.rows.values()];
  }
  entries(): [string, Row][] {
    return [...this.rows];
  }

  set(key: string, row: Row): void {
    this.rows.set(key, row);
    if (this.isOpen(row)) {
      this.open.set(key, row);
    } else if (!this.open.delete(key)) {
      return;
    }
    this.openChanges++;
  }
  delete(key: string): void {
    this.rows.delete(key);
    if (this.open.delete(key)) {
      this.openChanges++;
    }
  }

  clear(): void {
    this.openChanges += this.open.size;
    this.rows.clear();
    this.open.clear();
  }

  copy(): Table<Row> {
    const copy = new Table(this.isOpen);
    for (const [key, row] of this.rows) {
      copy.set(key, row);
    }
    return copy;
  }
}

/** A row of the outbox: a message, which has events of one type. */
export type Message = readonly SagaEvent[];

/** What every service has. */
export function commonTables() {
  return {
    outbox: new Table<Message>(),
    /** Events that a step of this service could not handle. They change nothing, and tell an operator. */
    parked: new Table<SagaEvent>(),
    /** The backup of the other tables, once one is taken (see restore.ts). */
    backup: new Table<string>(),
    /** Sagas whose rows a restore has taken back. */
    forgotten: new Table<true>(),
    /** Messages of this service that are lost for good, until the same event is published again. */
    lost: new Table<true>(),
  };
}

/** The effect of each of a service's statements on its tables, by statement name. */
export type Sql = Readonly<Record<string, (tx: Transaction, ...values: never[]) => unknown[] | undefined>>;

/** Defines the effect of one statement. `Values` are the statement's parameters. */
export function on<Row, Values extends unknown[]>(
  statement: Statement<Row>,
  execute: (tx: Transaction, ...values: Values) => Row[] | undefined,
): Sql {
  return { [statement.name]: execute as unknown as Sql[string] };
}

export interface Change<Row> {
  key: string;
  before: Row | undefined;
  after: Row;
}

type AnyTable = Table<unknown>;

export class Transaction implements Tx {
  private readonly reads: { table: AnyTable; key: string; row: unknown }[] = [];
  private readonly scans: { table: AnyTable; openChanges: number }[] = [];
  private readonly presets = new Map<string, unknown[]>();
  private readonly writes = new Map<AnyTable, Map<string, Change<unknown>>>();

  constructor(private readonly sql: Sql) {}

  async run<Row>(statement: Statement<Row>, values: readonly unknown[] = []): Promise<Row[]> {
    const preset = this.presets.get(statement.name);
    return (preset ?? this.execute(statement, values)) as Row[];
  }

  send(statement: Statement<unknown>, values: readonly unknown[] = []): void {
    this.execute(statement, values);
  }

  private execute(statement: Statement<unknown>, values: readonly unknown[]): unknown[] {
    const execute = this.sql[statement.name];
    if (!execute) {
      throw new Error(
        `The model has no statement "${statement.name}". Define its effect in test/model/*-tables.ts.`,
      );
    }
    return execute(this, ...(values as never[])) ?? [];
  }

  /** Makes a statement return rows that it returned earlier, because it read them without locking. */
  presetResult<Row>(statement: Statement<Row>, rows: Row[]): void {
    this.presets.set(statement.name, rows);
  }

  get<Row>(table: Table<Row>, key: string): Row | undefined {
    const own = this.writesOf(table).get(key);
    if (own) {
      return own.after;
    }
    const row = table.get(key);
    this.reads.push({ table: table as unknown as AnyTable, key, row });
    return row;
  }

  /** Returns the existing rows with these keys, each once, in the order of their keys. */
  getAll<Row>(table: Table<Row>, keys: readonly string[]): Row[] {
    return [...new Set(keys)].sort().flatMap((key) => this.get(table, key) ?? []);
  }

  /** Returns the rows of the partial index. */
  getOpen<Row>(table: Table<Row>): Row[] {
    this.scans.push({ table: table as unknown as AnyTable, openChanges: table.openChanges });
    const open = new Map(table.open);
    for (const { key, after } of this.writesOf(table).values()) {
      if (table.isOpen(after)) {
        open.set(key, after);
      } else {
        open.delete(key);
      }
    }
    return [...open.values()];
  }

  put<Row>(table: Table<Row>, key: string, row: NoInfer<Row>): void {
    this.writesOf(table).set(key, { key, before: table.get(key), after: row });
  }

  /**
   * Like `put`, for a row that must be new. If another transaction takes the key while this one runs, the commit detects
   * it and the work is repeated. If the key was taken before, repeating the work cannot help.
   * @throws Error when the key is taken
   */
  insert<Row>(table: Table<Row>, key: string, row: Row): void {
    if (this.get(table, key)) {
      throw new Error(
        `${key} is inserted a second time, which the primary key refuses however often it is repeated`,
      );
    }
    this.put(table, key, row);
  }

  /** Like `put`, for a row that exists. Leaves it unchanged when `change` returns undefined. */
  update<Row>(table: Table<Row>, key: string, change: (row: Row) => Row | undefined): boolean {
    const row = this.get(table, key);
    const changed = row && change(row);
    if (changed) {
      this.put(table, key, changed);
    }
    return changed !== undefined;
  }

  get hasChanges(): boolean {
    return [...this.writes.values()].some((changes) => changes.size > 0);
  }

  changes<Row>(table: Table<Row>): Change<Row>[] {
    return [...this.writesOf(table).values()];
  }

  /** Whether this transaction reads or writes a row, other than by scanning the partial index. */
  touches(table: Table<unknown>, key: string): boolean {
    return (
      this.reads.some((read) => read.table === table && read.key === key) ||
      this.writes.get(table)?.has(key) === true
    );
  }

  /** Whether nothing that was read has changed. */
  isCurrent(): boolean {
    return (
      this.reads.every(({ table, key, row }) => table.get(key) === row) &&
      this.scans.every(({ table, openChanges }) => table.openChanges === openChanges)
    );
  }

  /** Forgets what was written. What was read still counts. */
  rollback(): void {
    this.writes.clear();
  }

  commit(): void {
    for (const [table, changes] of this.writes) {
      for (const { key, after } of changes.values()) {
        table.set(key, after);
      }
    }
  }

  private writesOf<Row>(table: Table<Row>): Map<string, Change<Row>> {
    const known = this.writes.get(table as unknown as AnyTable);
    if (known) {
      return known as Map<string, Change<Row>>;
    }
    const none = new Map<string, Change<Row>>();
    this.writes.set(table as unknown as AnyTable, none as Map<string, Change<unknown>>);
    return none;
  }
}
