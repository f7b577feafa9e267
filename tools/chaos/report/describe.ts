import { describeFindings } from '../../audit/report';
import type { Spread } from '../verdict/recovery';
import type { Report } from './report';

const number = (value: number) => Math.round(value).toLocaleString('en');
const seconds = (ms: number) => `${(ms / 1000).toFixed(1)} s`;
const spreadOf = ({ p50, p99, max }: Spread) =>
  `p50 ${seconds(p50)}, p99 ${seconds(p99)}, max ${seconds(max)}`;

/** The figures of a report in words, in the order in which they are asked for. */
export function lines({
  checkouts,
  sagas,
  faults,
  endedAfterHealingMs,
  recoveryMs,
  duplicatesAbsorbed,
  poison,
  audited,
}: Report): [string, string][] {
  const counts = (tally: Record<string, number>) =>
    Object.entries(tally)
      .map(([name, count]) => `${number(count)} ${name}`)
      .join(', ') || 'none';
  return [
    [
      'Checkouts',
      `${number(checkouts.orders)} orders in ${number(checkouts.requests)} requests and ${number(sagas)} sagas: ` +
        `${number(checkouts.paid)} answered paid, ${number(checkouts.refused)} refused (${counts(checkouts.reasons)}), ` +
        `${number(checkouts.pending)} told to look later (202), ${number(checkouts.overloaded)} not started (429), ` +
        `${number(checkouts.unknown)} unknown`,
    ],
    [
      'Unknown answers',
      `${number(checkouts.unknown)}, ${(checkouts.unknownShare * 100).toFixed(2)} % of the requests (${counts(checkouts.unknownBy)})`,
    ],
    ['Latency', spreadOf(checkouts.latencyMs)],
    [
      'Faults',
      `${number(faults.counted)} counted, which means that sagas were in flight; ${number(faults.struck)} struck, of ${number(faults.planned)} planned`,
    ],
    ['All in flight at a strike had ended', `${spreadOf(recoveryMs.inFlightEnded)} after it`],
    ['Somebody got an answer again', `${spreadOf(recoveryMs.answeringAgain)} after a strike`],
    ['After the last fault was mended', `everything had ended in ${seconds(endedAfterHealingMs)}`],
    ['Duplicates absorbed', `${number(duplicatesAbsorbed)} or more`],
    ['Poison', `${number(poison.given)} messages given, ${number(poison.parked)} dead letters`],
    [
      'Audited',
      `three databases, ${number(audited.requests)} requests, ${number(audited.reads)} reads, ${number(audited.balances)} balances`,
    ],
  ];
}

export function describe(report: Report, kept: string | undefined): string {
  const { faults, findings, deaths, seed } = report;
  const kinds = Object.entries(faults.kinds).map(
    ([kind, { struck, counted }]) => `  ${kind.padEnd(30)} ${String(counted).padStart(4)} of ${struck}`,
  );
  return [
    '',
    ...lines(report).map(([name, text]) => `${name}: ${text}.`),
    '',
    'Faults that counted, of those that struck:',
    ...kinds,
    ...faults.failed.map((text) => `  could not be carried out: ${text}`),
    '',
    ...deaths,
    describeFindings(findings),
    report.verdict === 'passed'
      ? `Passed, seed ${seed}.`
      : `FAILED, seed ${seed}. Logs, databases and every request are in ${kept}.`,
  ].join('\n');
}
