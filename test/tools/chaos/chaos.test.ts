import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { checkoutNames } from '../../../shared/services';
import { faults, slug } from '../../../tools/chaos/faults/index';
import type { Report } from '../../../tools/chaos/report/report';
import { runProgram } from '../../support/run-program';

async function chaos(...args: string[]): Promise<{ status: number; output: string }> {
  const { status, stdout, stderr } = await runProgram('dist/tools/chaos/main.js', args);
  return { status, output: stdout + stderr };
}

test('violates no invariant under any kind of fault or after a restore, and everything ends in time', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'chandlery-report-'));
  const [json, html] = [join(folder, 'report.json'), join(folder, 'report.html')];
  const { status, output } = await chaos('--seconds', '60', '--load', '48', '--json', json, '--html', html);
  // When this fails, the output of the command says why.
  if (status !== 0) {
    throw new Error(output);
  }

  const report = JSON.parse(readFileSync(json, 'utf8')) as Report;
  expect(report).toMatchObject({ verdict: 'passed', findings: [], deaths: [] });
  expect(report.endedAfterHealingMs).toBeLessThan(30_000);
  // Processes that a fault ended are not reported as ended unexpectedly.
  expect(output).not.toContain('ended unexpectedly');
  const { requests, paid, refused, pending, overloaded, unknown } = report.checkouts;
  expect(paid + refused + pending + overloaded + unknown).toBe(requests);
  expect(report.checkouts.orders).toBeGreaterThan(300);
  expect(report.audited.requests).toBeGreaterThan(1_000);
  expect(report.faults.counted).toBeGreaterThan(25);
  const struck = Object.entries(report.faults.kinds).flatMap(([kind, { struck }]) =>
    struck > 0 ? [slug(kind)] : [],
  );
  const possible = faults.filter(({ name }) => !report.faults.leftOut.some((text) => text.startsWith(name)));
  const possibleKinds = [...new Set(possible.map(({ kind }) => slug(kind)))];
  expect(Object.keys(report.faults.kinds).map(slug).sort()).toEqual(possibleKinds.sort());
  // Two kinds may find nothing to break: a breakpoint that was not hit in time, or a broker that was unreachable.
  expect(struck.length).toBeGreaterThanOrEqual(possibleKinds.length - 2);
  expect(report.duplicatesAbsorbed).toBeGreaterThan(0);
  expect(report.poison.parked).toBeGreaterThanOrEqual(report.poison.given);
  expect(report.restores.map(({ service }) => service)).toEqual(checkoutNames);
  for (const { lost, agree, differ, parked } of report.restores) {
    expect(lost).toBeGreaterThan(0);
    expect(agree + differ + parked).toBe(lost);
  }

  const page = readFileSync(html, 'utf8');
  expect(page).toContain(`seed ${report.seed}`);
  expect(page).not.toMatch(/(?:src|href)=/);
  rmSync(folder, { recursive: true });
}, 600_000);

test.each([
  [
    'a kind of fault that does not exist',
    ['--faults', 'earthquake'],
    'no kind of fault called earthquake, and no fault with that in its name',
  ],
  [
    'a value that is not a number',
    ['--seconds', 'long'],
    '--seconds must be a whole number from 5 to 86400, not "long"',
  ],
  ['a service that does not exist', ['--restores', 'web'], 'There is no service called web'],
  ['an option that does not exist', ['--fast'], "Unknown option '--fast'"],
])('refuses %s before it starts anything', async (_, args, reason) => {
  const { status, output } = await chaos(...args);
  expect(status).toBe(2);
  expect(output).toContain(reason);
});
