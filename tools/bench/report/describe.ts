import type { Judged } from '../goals';
import type { Report } from './report';

/** Formats a number with about three significant digits. */
export function formatNumber(value: number): string {
  if (!Number.isFinite(value)) {
    return '–';
  }
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2;
  return value.toLocaleString('en', { maximumFractionDigits: digits });
}

/** Returns the cells of a table row: name, measured, goal, ratio, and whether the goal is met. */
export function row({
  name,
  unit,
  spread,
  goal,
  ratio,
  met,
}: Judged): [string, string, string, string, string] {
  const { median, min, max, values } = spread;
  const range = values.length > 1 ? ` (${formatNumber(min)} to ${formatNumber(max)})` : '';
  const wanted =
    goal === undefined ? '' : goal.atLeast !== undefined ? `≥ ${goal.atLeast}` : `≤ ${goal.atMost}`;
  return [
    name,
    `${formatNumber(median)}${range} ${unit}`.trim(),
    `${wanted} ${wanted && unit}`.trim(),
    ratio === undefined ? '' : ratio > 99 ? '> 99' : ratio.toFixed(2),
    met === undefined ? (goal ? 'run too short to judge' : '') : met ? 'met' : 'NOT MET',
  ];
}

export const head = ['figure', 'measured', 'goal', 'ratio to goal', ''] as const;

export function machineAndVersions({ at, machine, versions, options }: Report): string {
  const { processor, cores, memoryGib, system } = machine;
  const { node, postgres, rabbitmq, chandlery, commit } = versions;
  return (
    `${at.slice(0, 10)}, ${processor}, ${cores} cores, ${memoryGib} GiB, ${system}; Node.js ${node}, ` +
    `PostgreSQL ${postgres}, RabbitMQ ${rabbitmq}, Chandlery ${chandlery} (commit ${commit}); ` +
    `${options.rounds} rounds of ${options.seconds} s, median (min to max)`
  );
}

/** Returns the report as text for people. */
export function describe(report: Report): string {
  const rows: string[][] = [[...head], ...report.figures.map(row)];
  const widths = head.map((_, column) => Math.max(...rows.map((cells) => (cells[column] ?? '').length)));
  const table = rows.map((cells) =>
    cells
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
  const failed = report.scenarios.flatMap(({ scenario, failed }) =>
    failed === undefined ? [] : [`${scenario} has no result: ${failed}`],
  );
  return ['', ...table, '', machineAndVersions(report), ...failed].join('\n');
}
