/**
 * What roles other than the owner may do to a table. Only the owner may change the schema. Records of what happened
 * can be added and not changed: only the owner may change a ledger or a decision, and a trigger stops even the owner
 * from changing what operators did.
 */
export type Right = 'SELECT' | 'INSERT' | 'UPDATE' | 'DELETE';

export interface TableRights {
  /** Whether nobody but the service may read it: what is in it lets people in. */
  readonly isSecret?: boolean;
  /** The service itself. */
  readonly runtime: readonly Right[];
  /** What an operator may do besides reading. */
  readonly operator?: readonly Right[];
  /** The only columns that an operator may update. */
  readonly operatorColumns?: readonly string[];
  /** The column that PostgreSQL numbers from a sequence. */
  readonly numbered?: string;
}

export const APPEND: readonly Right[] = ['SELECT', 'INSERT'];
export const KEEP: readonly Right[] = [...APPEND, 'UPDATE'];
export const ALL: readonly Right[] = [...KEEP, 'DELETE'];

/** The tables that every service has. */
export const commonTables = {
  // An operator requests a cancellation, or sends a message once more, through the outbox, as the service itself does.
  outbox: { runtime: ALL, operator: APPEND, numbered: 'id' },
  deferred_events: { runtime: ALL, numbered: 'id' },
  idempotency_keys: { runtime: ALL },
  operator_actions: { runtime: ['INSERT'], operator: APPEND, numbered: 'id' },
} satisfies Record<string, TableRights>;
