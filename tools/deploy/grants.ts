/**
 * Who may do what in each database, besides its owner, who alone may change the schema. What has happened can be added
 * to and never rewritten: nobody named here may change a ledger, a decision, or what an operator did.
 */
export type Service = 'order' | 'payment' | 'stock';

/** The kinds of role that a migration may be told of. */
export type Kind = 'runtime' | 'auditor' | 'operator';

const add = ['SELECT', 'INSERT'];
const keep = [...add, 'UPDATE'];
const all = [...keep, 'DELETE'];
const common = { outbox: all, idempotency_keys: all, operator_actions: [] };

/** What a service does with its own tables. */
export const runtimeRights: Record<Service, Record<string, readonly string[]>> = {
  order: { ...common, orders: all, order_lines: all, sagas: keep },
  payment: { ...common, users: keep, credit_ledger: add, charges: add, order_payments: keep },
  stock: { ...common, items: keep, stock_ledger: add, reservations: keep },
};

function rightsOf(kind: Kind, service: Service): Record<string, readonly string[]> {
  const tables = Object.keys(runtimeRights[service]);
  if (kind === 'runtime') return runtimeRights[service];
  const reading = Object.fromEntries(tables.map((table) => [table, ['SELECT']]));
  if (kind === 'auditor') return reading;
  // Cancelling a saga is asked for through order's outbox, as order itself asks.
  return { ...reading, operator_actions: add, ...(service === 'order' ? { outbox: add } : {}) };
}

/** Statements that give a role these rights and no others, whatever it had before. */
export function grants(service: Service, kind: Kind, role: string): string[] {
  const to = `"${role.replaceAll('"', '""')}"`;
  const rights = Object.entries(rightsOf(kind, service)).filter(([, verbs]) => verbs.length > 0);
  const counted = rights.filter(([table, verbs]) => verbs.includes('INSERT') && serials[table]);
  return [
    `REVOKE ALL ON ALL TABLES IN SCHEMA public FROM ${to}`,
    `REVOKE ALL ON ALL SEQUENCES IN SCHEMA public FROM ${to}`,
    `GRANT USAGE ON SCHEMA public TO ${to}`,
    ...rights.map(([table, verbs]) => `GRANT ${verbs.join(', ')} ON "${table}" TO ${to}`),
    ...counted.map(([table]) => `GRANT USAGE ON SEQUENCE "${table}_${serials[table]}_seq" TO ${to}`),
  ];
}

/** Tables that number their rows, and the column that has the number. */
const serials: Readonly<Record<string, string>> = {
  outbox: 'id',
  operator_actions: 'id',
  credit_ledger: 'id',
  stock_ledger: 'id',
  reservations: 'arrival',
};
