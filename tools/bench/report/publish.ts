import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../../../shared/root';
import { head, machineAndVersions, row } from './describe';
import { drawPage } from './page';
import type { Report } from './report';

const PAGE = 'tools/bench/README.md';
const BEGIN = '<!-- bench:begin -->';
const END = '<!-- bench:end -->';

/**
 * Call this before the run, because a run takes an hour.
 * @throws Error when the benchmark's README has no place for the table
 */
export function assertPublishable(): void {
  findPlace(readFileSync(join(root, PAGE), 'utf8'));
}

/** Writes tools/bench/report.html, and the table between the markers of the benchmark's README. */
export function publish(report: Report): void {
  writeFileSync(join(root, 'tools/bench/report.html'), drawPage(report));
  const page = join(root, PAGE);
  writeFileSync(page, withTable(readFileSync(page, 'utf8'), report));
}

/** Returns the text with a new table. @throws Error when the text has no place for it */
export function withTable(text: string, report: Report): string {
  const { begin, end } = findPlace(text);
  return `${text.slice(0, begin)}\n${table(report)}\n${text.slice(end)}`;
}

function findPlace(text: string): { begin: number; end: number } {
  const [begin, end] = [text.indexOf(BEGIN), text.indexOf(END)];
  if (begin >= 0 && end > begin) {
    return { begin: begin + BEGIN.length, end };
  }
  throw new Error(`${PAGE} has no place for the table: put "${BEGIN}" and "${END}" on lines of their own.`);
}

function table(report: Report): string {
  const rows = report.figures.filter(({ goal }) => goal !== undefined).map(row);
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [
    line(head),
    line(head.map(() => '---')),
    ...rows.map(line),
    '',
    `${machineAndVersions(report)}.`,
  ].join('\n');
}
