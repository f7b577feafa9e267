import type { Judged } from '../goals';
import type { Report } from './report';

/** Three significant digits, and no more than somebody can read. */
export function number(value: number): string {
  if (!Number.isFinite(value)) {
    return '–';
  }
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2;
  return value.toLocaleString('en', { maximumFractionDigits: digits });
}

/** Name, measured, goal, how it compares, and whether it is met: what stands in a row of every table. */
export function row({
  name,
  unit,
  spread,
  goal,
  ratio,
  met,
}: Judged): [string, string, string, string, string] {
  const { median, min, max, values } = spread;
  const range = values.length > 1 ? ` (${number(min)} to ${number(max)})` : '';
  const wanted =
    goal === undefined ? '' : goal.atLeast !== undefined ? `≥ ${goal.atLeast}` : `≤ ${goal.atMost}`;
  return [
    name,
    `${number(median)}${range} ${unit}`.trim(),
    `${wanted} ${wanted && unit}`.trim(),
    ratio === undefined ? '' : ratio > 99 ? '> 99' : ratio.toFixed(2),
    met === undefined ? (goal ? 'measured too shortly' : '') : met ? 'met' : 'NOT MET',
  ];
}

export const head = ['figure', 'measured', 'goal', 'goal reached by', ''] as const;

export function machineAndVersions({ at, machine, versions, options }: Report): string {
  const { processor, cores, memoryGib, system } = machine;
  const { node, postgres, rabbitmq, chandlery, commit } = versions;
  return (
    `${at.slice(0, 10)}, ${processor}, ${cores} cores, ${memoryGib} GiB, ${system}; Node.js ${node}, ` +
    `PostgreSQL ${postgres}, RabbitMQ ${rabbitmq}, Chandlery ${chandlery} (commit ${commit}); ` +
    `${options.rounds} rounds of ${options.seconds} s, median (min to max)`
  );
}

/** The report as text for a person. */
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
