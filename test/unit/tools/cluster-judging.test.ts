import type { V1Pod } from '@kubernetes/client-node';
import { auditJob, drainable, howJobEnded, isWhole, ruleFaults, victims } from '../../cluster/judging';
import { readOptions } from '../../cluster/options';

/** The parts of the cluster tests that can be tried without a cluster. */

function pod(name: string, labels: Record<string, string>, more: Partial<V1Pod> = {}): V1Pod {
  const ready = { conditions: [{ type: 'Ready', status: 'True' }] };
  return { metadata: { name, labels }, spec: { nodeName: 'node-1', containers: [] }, status: ready, ...more };
}

const owner = (kind: string) => ({ apiVersion: 'v1', kind, name: 'owner', uid: '1' });

test('a workload is whole when all wanted replicas are ready, new, and alone', () => {
  const status = { observedGeneration: 2, replicas: 2, readyReplicas: 2, updatedReplicas: 2 };
  const spec = { replicas: 2, selector: {}, template: {} };
  const metadata = { generation: 2 };
  expect(isWhole({ metadata, spec, status })).toBe(true);
  for (const change of [
    { observedGeneration: 1 },
    { replicas: 3 },
    { readyReplicas: 1 },
    { updatedReplicas: 1 },
  ]) {
    expect(isWhole({ metadata, spec, status: { ...status, ...change } })).toBe(false);
  }
  expect(isWhole({ metadata, spec })).toBe(false);
});

test('takes the primary of a replicated database, and one ready pod of every other kind', () => {
  const name = (of: string) => ({ 'app.kubernetes.io/name': of });
  const instance = (role: string) => ({ 'cnpg.io/cluster': 'order-db', 'cnpg.io/instanceRole': role });
  const found = victims([
    pod('order-db-1', instance('replica')),
    pod('order-db-2', instance('primary')),
    pod('stock-1', name('stock'), { status: {} }),
    pod('stock-2', name('stock')),
    pod('order-1', name('order')),
    pod('order-2', name('order')),
    pod('migration', {}, { metadata: { labels: name('order-migrate'), ownerReferences: [owner('Job')] } }),
    pod('stranger', {}),
  ]);
  expect(found.map(({ kind, pod }) => `${kind} ${pod.metadata?.name}`)).toEqual([
    'order order-1',
    'order-db order-db-2',
    'stock stock-2',
  ]);
});

test('names the rules that Prometheus lacks or cannot evaluate, and no others', () => {
  const ok = { name: 'DeadLetters', health: 'ok' };
  const broken = { name: 'OutboxStuck', health: 'err', lastError: 'many-to-many matching not allowed' };
  const notYet = { name: 'InvariantViolated', health: 'unknown' };
  const groups = [{ rules: [ok, broken] }, { rules: [{ ...notYet, health: 'ok' }, notYet] }];
  expect(ruleFaults({ groups }, ['DeadLetters'])).toEqual([]);
  expect(ruleFaults({ groups }, ['OutboxStuck', 'InvariantViolated', 'ServiceDown'])).toEqual([
    'OutboxStuck: many-to-many matching not allowed',
    'InvariantViolated: unknown',
    'ServiceDown: Prometheus does not have it',
  ]);
});

test('drains what would move, and leaves what would come back at once or has ended', () => {
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
  expect(drainable(pods, 'node-1').map(({ metadata }) => metadata?.name)).toEqual(['here']);
});

test('a Job has ended only when a condition that is true says so', () => {
  const ended = (type: string, status: string) => howJobEnded({ status: { conditions: [{ type, status }] } });
  expect(ended('Complete', 'True')).toBe('succeeded');
  expect(ended('Failed', 'True')).toBe('failed');
  expect(ended('Failed', 'False')).toBeUndefined();
  expect(howJobEnded({})).toBeUndefined();
});

test("the auditor's Job is the operators' with another command", () => {
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

test('breaks no cluster that nobody named', () => {
  expect(() => readOptions([], undefined)).toThrow('No cluster is named');
  expect(() => readOptions(['--overlay', 'moon'], 'file')).toThrow('moon');
  expect(() => readOptions(['--buyers', '0'], 'file')).toThrow('buyers');
  expect(readOptions(['--context', 'kind', '--tag', '1'], undefined)).toMatchObject({
    context: 'kind',
    overlay: 'laptop',
    script: ['--tag', '1'],
  });
});
