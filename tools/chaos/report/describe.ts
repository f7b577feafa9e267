import { describeFindings } from '../../audit/report';
import type { RestoreReport } from '../restore/restore';
import type { Percentiles } from '../verdict/recovery';
import type { Report } from './report';

const number = (value: number) => Math.round(value).toLocaleString('en');
const seconds = (ms: number) => `${(ms / 1000).toFixed(1)} s`;
const percentilesOf = ({ p50, p99, max }: Percentiles) =>
  `p50 ${seconds(p50)}, p99 ${seconds(p99)}, max ${seconds(max)}`;

/** The figures of a report as pairs of a name and a text, in the order in which readers ask for them. */
export function lines({
  checkouts,
  sagas,
  faults,
  endedAfterHealingMs,
  recoveryMs,
  duplicatesAbsorbed,
  poison,
  audited,
  restores,
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
        `${number(checkouts.pending)} still pending (202), ${number(checkouts.overloaded)} not started (429), ` +
        `${number(checkouts.unknown)} unknown`,
    ],
    [
      'Unknown outcomes',
      `${number(checkouts.unknown)}, ${(checkouts.unknownShare * 100).toFixed(2)} % of the requests (${counts(checkouts.unknownBy)})`,
    ],
    ['Latency', percentilesOf(checkouts.latencyMs)],
    [
      'Faults',
      `${number(faults.planned)} planned, ${number(faults.struck)} injected, ${number(faults.counted)} counted because sagas were in flight`,
    ],
    ['Sagas in flight at a fault had ended', `${percentilesOf(recoveryMs.inFlightEnded)} after it`],
    ['First final answer after a fault', `${percentilesOf(recoveryMs.answeringAgain)} after it`],
    ['After the last fault ended', `everything had ended within ${seconds(endedAfterHealingMs)}`],
    ['Duplicates absorbed', `at least ${number(duplicatesAbsorbed)}`],
    ['Poison messages', `${number(poison.given)} published, ${number(poison.parked)} dead letters`],
    [
      'Audited',
      `the databases, ${number(audited.requests)} requests, ${number(audited.reads)} reads, ${number(audited.balances)} balances`,
    ],
    ...restores.map(describeRestore),
  ];
}

function describeRestore(restore: RestoreReport): [string, string] {
  const { service, lost, agree, differ, parked, deadLetters, askedAgain, endedAfterMs } = restore;
  return [
    `Restored ${service}`,
    `${number(lost)} sagas were forgotten or set back; in the end the services agree on ${number(agree)} of them, ` +
      `differ on ${number(differ)} as the restore explains, and on ${number(parked)} that dead letters name ` +
      `(${number(deadLetters)} dead letters); of ${number(askedAgain.orders)} paid orders that were checked out again, ` +
      `${number(askedAgain.paid)} were answered paid and ${number(askedAgain.disputed)} sold before; everything had ended within ${seconds(endedAfterMs)}`,
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
    'Faults that counted, of those injected:',
    ...kinds,
    ...faults.failed.map((text) => `  could not be injected or ended: ${text}`),
    ...faults.mended.map((text) => `  mended as a runbook says: ${text}`),
    ...faults.leftOut.map((text) => `  left out: ${text}`),
    '',
    ...deaths,
    describeFindings(findings),
    report.verdict === 'passed'
      ? `Passed, seed ${seed}.`
      : `FAILED, seed ${seed}. Logs, databases and every request are in ${kept}.`,
  ].join('\n');
}
