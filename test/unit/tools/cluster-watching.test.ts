import type { V1Pod } from '@kubernetes/client-node';
import { questions } from '../../cluster/watching/dashboards';
import { findTargetProblems, hasData, jobsOf } from '../../cluster/watching/judging';
import { dashboards, panelsOf } from '../../k8s/monitoring/sources';

/** The parts of watching a cluster that can be tested without one. */

const pod = (name: string, labels: Record<string, string>, owner?: string): V1Pod => ({
  metadata: {
    name,
    labels,
    ...(owner && { ownerReferences: [{ apiVersion: 'v1', kind: owner, name: 'owner', uid: '1' }] }),
  },
  status: { conditions: [{ type: 'Ready', status: 'True' }] },
});
const labelsOf = (name: string, component: string) => ({
  'app.kubernetes.io/name': name,
  'app.kubernetes.io/component': component,
});

const order = pod('order-1', labelsOf('order', 'service'));
const broker = pod('rabbitmq-0', labelsOf('rabbitmq', 'broker'));
const target = (pod: string, job: string, health = 'up') => ({
  labels: { pod, job },
  health,
  lastError: health === 'up' ? '' : 'refused',
});

test('knows which jobs scrape a pod, and which pods nobody scrapes', () => {
  const exporter = pod('order-db-exporter-1', labelsOf('order-db-exporter', 'database-exporter'));
  const proxy = pod('envoy', { 'gateway.envoyproxy.io/owning-gateway-name': 'chandlery' });
  const database = pod('order-db-0', { ...labelsOf('order-db', 'database'), 'chandlery/database': 'order' });
  const job = pod('order-migrate-1', labelsOf('order-migrate', 'migration'), 'Job');
  expect([order, broker, exporter, proxy, database, job].map(jobsOf)).toEqual([
    ['order'],
    ['rabbitmq', 'rabbitmq-queues'],
    ['order-db'],
    ['gateway'],
    undefined,
    undefined,
  ]);
});

test('reports each page of a ready pod that is not read', () => {
  const targets = [
    target('order-1', 'order'),
    target('rabbitmq-0', 'rabbitmq'),
    target('rabbitmq-0', 'rabbitmq-queues'),
  ];
  expect(findTargetProblems([order, broker], targets)).toEqual([]);
  expect(
    findTargetProblems(
      [order, broker],
      [target('order-1', 'order', 'down'), target('rabbitmq-0', 'rabbitmq')],
    ),
  ).toEqual([
    'order-1: the job order is down (refused)',
    'rabbitmq-0: 0 targets of the job rabbitmq-queues instead of one',
  ]);
  expect(findTargetProblems([{ ...order, status: {} }], [])).toEqual([]);
});

test('only a finite number is data', () => {
  const metric = {};
  expect(hasData([])).toBe(false);
  expect(
    hasData([
      { metric, value: [0, 'NaN'] },
      { metric, values: [[0, '+Inf']] },
    ]),
  ).toBe(false);
  expect(
    hasData([
      {
        metric,
        values: [
          [0, 'NaN'],
          [15, '0'],
        ],
      },
    ]),
  ).toBe(true);
});

test('asks every query of every dashboard, with all variables filled in', () => {
  const asked = questions();
  const written = dashboards.flatMap(panelsOf).flatMap(({ targets = [] }) => targets);
  expect(asked).toHaveLength(written.length);
  expect(asked.filter(({ query }) => query.includes('$'))).toEqual([]);
});
