import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { stringify } from 'yaml';
import { eventsFor, queues, serviceOf } from '../../../shared/contract/events';
import { program } from './programs';
import { ruleFiles } from './sources';

/** Runs one case of promtool on the project's rules: series and, by alert, the labels of those that fire then. */
async function check(series: Record<string, number>, alertname: string, firing: object[]): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'chandlery-rules-'));
  const file = join(folder, 'case.test.yaml');
  const labels = (of: object) =>
    Object.entries(of)
      .map(([name, value]) => `${name}="${value}"`)
      .join(', ');
  await writeFile(
    file,
    stringify({
      rule_files: ruleFiles,
      evaluation_interval: '30s',
      tests: [
        {
          interval: '30s',
          input_series: Object.entries(series).map(([name, value]) => ({
            series: name,
            values: `${value}x20`,
          })),
          promql_expr_test: [
            {
              expr: `ALERTS{alertname="${alertname}", alertstate="firing"}`,
              eval_time: '5m',
              exp_samples: firing.map((of) => ({
                labels: `ALERTS{alertname="${alertname}", alertstate="firing", ${labels(of)}}`,
                value: 1,
              })),
            },
          ],
        },
      ],
    }),
  );
  try {
    await promisify(execFile)(await program('promtool'), ['test', 'rules', file]);
  } finally {
    await rm(folder, { recursive: true });
  }
}

test.each(queues)(
  'a dead letter of %s wakes somebody only if it may be what payment decided',
  async (queue) => {
    const decided = eventsFor(queue).some((type) => serviceOf(type) === 'payment');
    const severity = decided ? 'critical' : 'warning';
    const dead = `${queue}.dead`;
    await check({ [`rabbitmq_detailed_queue_messages{queue="${dead}"}`]: 1 }, 'DeadLetters', [
      { queue: dead, severity },
    ]);
  },
);

test.each(queues)('%s raises an alert when it has no consumer, and when it does not exist', async (queue) => {
  const consumers = (name: string) => `rabbitmq_detailed_queue_consumers{queue="${name}"}`;
  const others = queues.filter((name) => name !== queue).map((name) => [consumers(name), 1]);
  const series = { 'up{job="rabbitmq-queues"}': 1, ...Object.fromEntries(others) };
  const firing = [{ queue, severity: 'critical' }];
  await check({ ...series, [consumers(queue)]: 0 }, 'QueueWithoutConsumer', firing);
  await check(series, 'QueueWithoutConsumer', firing);
  await check({ ...series, [consumers(queue)]: 1 }, 'QueueWithoutConsumer', []);
});
