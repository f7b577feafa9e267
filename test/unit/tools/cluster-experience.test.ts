import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { V1EndpointConditions } from '@kubernetes/client-node';
import { smallAutoscaler } from '../../cluster/autoscaling';
import {
  complaints,
  experienceOf,
  hardlyNoticed,
  outage,
  type Sent,
  shortOutage,
  unnoticed,
} from '../../cluster/experience';
import { endpointsIn, refusalsIn } from '../../cluster/gateway';
import { powerBy } from '../../cluster/power';

/** How the cluster test judges what buyers notice, and how it disturbs them. */

const sent = (sentAt: number, endedAt: number, failed = false): Sent => ({
  sentAt,
  endedAt,
  failure: failed ? 'no answer' : undefined,
});
const many = (count: number) => Array.from({ length: count }, (_, i) => sent(i, i + 1));

test('what buyers notice is what was in flight while something was done to the shop', () => {
  const all = [sent(0, 900, true), sent(500, 2_500, true), sent(3_000, 3_200), sent(9_000, 9_100, true)];
  expect(experienceOf(all, 1_000, 4_000)).toEqual({
    ...{ requests: 2, failed: 1, failures: { 'no answer': 1 }, failedUntilS: 0, slowestS: 2 },
  });
  expect(experienceOf(all, 1_000, 9_500)).toMatchObject({ requests: 3, failed: 2, failedUntilS: 8 });
  expect(experienceOf([], 0, 1)).toMatchObject({ requests: 0, failed: 0, failures: {}, failedUntilS: 0 });
});

test('an everyday change may fail no request, and a lost node one in a thousand', () => {
  const requests = many(2_000);
  const oneFails = [...requests.slice(1), sent(5, 6, true)];
  const judge = (all: Sent[], tolerance: typeof unnoticed) =>
    complaints(experienceOf(all, 0, 10_000), tolerance);
  expect(judge(requests, unnoticed)).toEqual([]);
  expect(judge(oneFails, unnoticed).join()).toContain('1 of 2000 requests failed, and 0 % may');
  expect(judge(oneFails, hardlyNoticed)).toEqual([]);
  const threeFail = [...oneFails, sent(7, 8, true), sent(9, 10, true)];
  expect(judge(threeFail, hardlyNoticed).join()).toContain('0.1 %');
  expect(judge(threeFail, shortOutage)).toEqual([]);
});

test('the shop must be back in time: no later request fails, and none takes longer', () => {
  const late = experienceOf([sent(16_000, 16_100, true)], 0, 20_000);
  const slow = experienceOf([sent(1_000, 17_000)], 0, 20_000);
  for (const tolerance of [unnoticed, hardlyNoticed, shortOutage]) {
    expect(complaints(late, tolerance).join()).toContain('sent after 16.0 s');
    expect(complaints(slow, tolerance).join()).toContain('took 16.0 s');
  }
  expect([...complaints(late, outage), ...complaints(slow, outage)]).toEqual([]);
});

test('new connections go to pods of the gateway that are ready and not about to end', () => {
  const endpoint = (address: string, conditions: V1EndpointConditions) => ({
    addresses: [address],
    conditions,
  });
  const slice = {
    addressType: 'IPv4',
    endpoints: [
      endpoint('10.0.0.1', { ready: true }),
      endpoint('10.0.0.2', { ready: false }),
      endpoint('10.0.0.3', {}),
    ],
    ports: [
      { name: 'http-80', port: 10080 },
      { name: 'https-443', port: 10443 },
    ],
  };
  expect(endpointsIn([slice], 'https-443')).toEqual([
    { host: '10.0.0.1', port: 10443 },
    { host: '10.0.0.3', port: 10443 },
  ]);
  expect(endpointsIn([slice], 'another')).toEqual([]);
});

test("the autoscaler that is tried is production's, with figures that a small cluster reaches", () => {
  const { kind, metadata, spec } = smallAutoscaler(100);
  expect(kind).toBe('HorizontalPodAutoscaler');
  expect(metadata?.name).toBe('order');
  expect(spec).toMatchObject({ scaleTargetRef: { kind: 'Deployment', name: 'order' }, minReplicas: 1 });
  expect(spec?.metrics?.[0]?.resource?.target.averageUtilization).toBe(100);
});

test('a node is switched off and on by the command that was given, which says why it could not', async () => {
  const folder = mkdtempSync(join(tmpdir(), "chandlery's power-"));
  try {
    const script = join(folder, 'switch');
    writeFileSync(
      script,
      `#!/bin/sh\necho "$@" >>"${folder}/calls"\n[ "$3" != n9 ] || { echo none >&2; exit 1; }\n`,
    );
    chmodSync(script, 0o755);
    const power = powerBy(`"${script}" --now`);
    await power.off('n1');
    await expect(power.on('n9')).rejects.toThrow(/n9 could not be switched on/);
    expect(readFileSync(join(folder, 'calls'), 'utf8')).toBe('--now off n1\n--now on n9\n');
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('why a proxy could not forward a request is in its log, and what a service answers itself does not count', () => {
  const line = (fields: object) => JSON.stringify({ response_code: 503, method: 'POST', ...fields });
  const log = [
    'not JSON',
    line({ response_flags: '-', response_code_details: 'via_upstream', upstream_host: '10.0.0.1:8001' }),
    line({
      response_flags: 'UF',
      response_code_details: 'upstream_reset_before_response_started{connection_timeout}',
      upstream_transport_failure_reason: '-',
      upstream_host: '10.0.0.1:8001',
    }),
    line({ response_flags: 'UH', response_code_details: 'no_healthy_upstream', upstream_host: null }),
    line({ response_code: 200, response_flags: '-' }),
  ].join('\n');
  expect(refusalsIn(log)).toEqual([
    'UF upstream_reset_before_response_started{connection_timeout} at 10.0.0.1:8001',
    'UH no_healthy_upstream at no pod',
  ]);
});
