import type { V1Pod } from '@kubernetes/client-node';
import {
  auditJob,
  chooseVictims,
  findRuleProblems,
  isRolledOut,
  jobResult,
  podsToEvict,
} from '../../cluster/judging';
import { readOptions } from '../../cluster/options';
import { patient } from '../../cluster/patience';

/** The parts of the cluster tests that can be tested without a cluster. */

function pod(name: string, labels: Record<string, string>, more: Partial<V1Pod> = {}): V1Pod {
  const ready = { conditions: [{ type: 'Ready', status: 'True' }] };
  return { metadata: { name, labels }, spec: { nodeName: 'node-1', containers: [] }, status: ready, ...more };
}

const owner = (kind: string) => ({ apiVersion: 'v1', kind, name: 'owner', uid: '1' });

test('a workload is rolled out when all wanted replicas are ready and new, and there are no others', () => {
  const status = { observedGeneration: 2, replicas: 2, readyReplicas: 2, updatedReplicas: 2 };
  const spec = { replicas: 2, selector: {}, template: {} };
  const metadata = { generation: 2 };
  expect(isRolledOut({ metadata, spec, status })).toBe(true);
  for (const change of [
    { observedGeneration: 1 },
    { replicas: 3 },
    { readyReplicas: 1 },
    { updatedReplicas: 1 },
  ]) {
    expect(isRolledOut({ metadata, spec, status: { ...status, ...change } })).toBe(false);
  }
  expect(isRolledOut({ metadata, spec })).toBe(false);
});

test('chooses the primary of a replicated database, and one ready pod of every other kind', () => {
  const name = (value: string) => ({ 'app.kubernetes.io/name': value });
  const instance = (role: string) => ({ 'cnpg.io/cluster': 'order-db', 'cnpg.io/instanceRole': role });
  const victims = chooseVictims([
    pod('order-db-1', instance('replica')),
    pod('order-db-2', instance('primary')),
    pod('stock-1', name('stock'), { status: {} }),
    pod('stock-2', name('stock')),
    pod('order-1', name('order')),
    pod('order-2', name('order')),
    pod('migration', {}, { metadata: { labels: name('order-migrate'), ownerReferences: [owner('Job')] } }),
    pod('stranger', {}),
  ]);
  expect(victims.map(({ kind, pod }) => `${kind} ${pod.metadata?.name}`)).toEqual([
    'order order-1',
    'order-db order-db-2',
    'stock stock-2',
  ]);
});

test('reports the rules that Prometheus lacks or cannot evaluate, and no others', () => {
  const ok = { name: 'DeadLetters', health: 'ok' };
  const broken = { name: 'OutboxStuck', health: 'err', lastError: 'many-to-many matching not allowed' };
  const notYet = { name: 'InvariantViolated', health: 'unknown' };
  const groups = [{ rules: [ok, broken] }, { rules: [{ ...notYet, health: 'ok' }, notYet] }];
  expect(findRuleProblems({ groups }, ['DeadLetters'])).toEqual([]);
  expect(findRuleProblems({ groups }, ['OutboxStuck', 'InvariantViolated', 'ServiceDown'])).toEqual([
    'OutboxStuck: many-to-many matching not allowed',
    'InvariantViolated: unknown',
    'ServiceDown: not in Prometheus',
  ]);
});

test('evicts pods that can move, and leaves those that would come back at once or have ended', () => {
  const owned = (kind: string) => ({
    metadata: { name: kind, ownerReferences: [owner(kind)] },
  });
  const pods = [
    pod('here', {}),
    pod('elsewhere', {}, { spec: { nodeName: 'node-2', containers: [] } }),
    pod('agent', {}, owned('DaemonSet')),
    pod('static', {}, owned('Node')),
    pod('job', {}, { status: { phase: 'Succeeded' } }),
  ];
  expect(podsToEvict(pods, 'node-1').map(({ metadata }) => metadata?.name)).toEqual(['here']);
});

test('a Job has a result only when a condition that is true says so', () => {
  const result = (type: string, status: string) => jobResult({ status: { conditions: [{ type, status }] } });
  expect(result('Complete', 'True')).toBe('succeeded');
  expect(result('Failed', 'True')).toBe('failed');
  expect(result('Failed', 'False')).toBeUndefined();
  expect(jobResult({})).toBeUndefined();
});

test("the auditor's Job is the operators' Job with another command", () => {
  const containers = [{ name: 'operate', image: 'tools:1', args: ['sagas'] }];
  const jobTemplate = { metadata: { labels: { a: 'b' } }, spec: { template: { spec: { containers } } } };
  const operate = { spec: { schedule: '0 0 1 1 *', jobTemplate } };
  const job = auditJob(operate, 'audit-1');
  expect(job.metadata).toEqual({ name: 'audit-1', labels: { a: 'b' } });
  expect(job.spec?.template.spec?.containers[0]).toEqual({
    ...containers[0],
    args: ['dist/tools/audit/main.js'],
  });
  expect(containers[0]?.args).toEqual(['sagas']);
});

test('refuses to run when no cluster is named', () => {
  expect(() => readOptions([], undefined)).toThrow('No cluster is named');
  expect(() => readOptions(['--overlay', 'moon'], 'file')).toThrow('moon');
  expect(() => readOptions(['--buyers', '0'], 'file')).toThrow('buyers');
  expect(() => readOptions(['--requests', 'many'], 'file')).toThrow('requests');
  expect(readOptions(['--context', 'kind', '--tag', '1'], undefined)).toMatchObject({
    context: 'kind',
    overlay: 'laptop',
    requests: 20_000,
    direct: false,
    script: ['--tag', '1'],
  });
});

test('a read of the audit that fails is repeated, and one that never succeeds fails', async () => {
  let failures = 2;
  const refuse = async () => {
    throw new Error('503');
  };
  const credit = async () => (failures-- > 0 ? refuse() : 7);
  const truth = patient({ order: refuse, credit, stock: async () => 3, charged: async () => [] }, 0);
  expect(await truth.credit('user')).toBe(7);
  expect(await truth.stock('item')).toBe(3);
  await expect(truth.order('order')).rejects.toThrow('503');
});
