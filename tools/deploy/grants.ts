import type { Right, TableRights } from '../../shared/postgres/rights';
import type { ServiceName } from '../../shared/services';

/** The kinds of role that a migration grants rights to. The auditor reads everything but secrets. */
export type RoleKind = 'runtime' | 'auditor' | 'operator';

/** Returns the rights to the service's tables, from its own src/grants.ts. */
export function tablesOf(service: ServiceName): Readonly<Record<string, TableRights>> {
  return require(`../../${service}/src/grants`).grants;
}

function rightsOf(kind: RoleKind, table: TableRights): readonly Right[] {
  if (kind === 'runtime') {
    return table.runtime;
  }
  const further = kind === 'operator' ? (table.operator ?? []) : [];
  return table.isSecret ? [] : [...new Set<Right>(['SELECT', ...further])];
}

/** @param columns the only ones that may be updated */
function named(rights: readonly Right[], columns: readonly string[] | undefined): string {
  return rights
    .map((right) => (right === 'UPDATE' && columns ? `UPDATE (${columns.join(', ')})` : right))
    .join(', ');
}

/** Returns statements that give a role exactly these rights, whatever it had before. */
export function grantStatements(service: ServiceName, kind: RoleKind, role: string): string[] {
  const to = `"${role.replaceAll('"', '""')}"`;
  const tables = Object.entries(tablesOf(service))
    .map(([name, table]) => ({
      name,
      rights: rightsOf(kind, table),
      columns: kind === 'operator' ? table.operatorColumns : undefined,
      numbered: table.numbered,
    }))
    .filter(({ rights }) => rights.length > 0);
  const sequences = tables.flatMap(({ name, rights, numbered }) =>
    numbered !== undefined && rights.includes('INSERT') ? `${name}_${numbered}_seq` : [],
  );
  return [
    `REVOKE ALL ON ALL TABLES IN SCHEMA public FROM ${to}`,
    `REVOKE ALL ON ALL SEQUENCES IN SCHEMA public FROM ${to}`,
    `GRANT USAGE ON SCHEMA public TO ${to}`,
    ...tables.map(({ name, rights, columns }) => `GRANT ${named(rights, columns)} ON "${name}" TO ${to}`),
    ...sequences.map((sequence) => `GRANT USAGE ON SEQUENCE "${sequence}" TO ${to}`),
  ];
}
