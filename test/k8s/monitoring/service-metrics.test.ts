import { registry } from '../../../shared/observe/metrics';
import { watchBroker, watchPool } from '../../../shared/observe/resource-metrics';
import { openDatabase } from '../../../shared/postgres/database';
import { statement } from '../../../shared/postgres/statement';
import { createDatabase } from '../../support/cluster';
import { silent } from '../../support/edge';

const one = statement<{ one: number }>('one', 'SELECT 1 AS one');

/** The lines of a scrape that begin so. */
async function shown(beginning: string): Promise<string[]> {
  return (await registry.metrics()).split('\n').filter((line) => line.startsWith(beginning));
}

test('a pool shows its connections in use and idle, and who waits for one', async () => {
  const database = openDatabase({ url: await createDatabase('order'), poolSize: 2, log: silent });
  watchPool('test', database.pool, 2);
  let release = () => {};
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  const begun = [0, 1].map(() => {
    let work: Promise<void> = Promise.resolve();
    const inside = new Promise<void>((resolve) => {
      work = database.transaction(async (tx) => {
        await tx.run(one);
        resolve();
        await held;
      });
    });
    return { inside, work: () => work };
  });
  await Promise.all(begun.map(({ inside }) => inside));
  const third = database.transaction((tx) => tx.run(one));
  expect(await shown('database_pool_connections{pool="test"')).toEqual([
    'database_pool_connections{pool="test",state="in_use"} 2',
    'database_pool_connections{pool="test",state="idle"} 0',
  ]);
  expect(await shown('database_pool_waiting{pool="test"')).toEqual(['database_pool_waiting{pool="test"} 1']);
  expect(await shown('database_pool_size{pool="test"')).toEqual(['database_pool_size{pool="test"} 2']);

  release();
  await Promise.all([third, ...begun.map(({ work }) => work())]);
  expect(await shown('database_pool_connections{pool="test"')).toEqual([
    'database_pool_connections{pool="test",state="in_use"} 0',
    'database_pool_connections{pool="test",state="idle"} 2',
  ]);
  await database.close();
});

test('a connection to the broker shows whether it is there now', async () => {
  let there = true;
  watchBroker('test', { isConnected: () => there });
  expect(await shown('broker_connected{connection="test"')).toEqual([
    'broker_connected{connection="test"} 1',
  ]);
  there = false;
  expect(await shown('broker_connected{connection="test"')).toEqual([
    'broker_connected{connection="test"} 0',
  ]);
});

test('a process knows how much memory it may use, and which version it is', async () => {
  const [limit] = await shown('process_memory_limit_bytes ');
  const [resident] = await shown('process_resident_memory_bytes ');
  const bytes = (line = '') => Number(line.split(' ')[1]);
  expect(bytes(limit)).toBeGreaterThan(bytes(resident));
  expect(bytes(limit)).toBeLessThan(2 ** 50);
  const { version } = require('../../../package.json');
  expect(await shown('chandlery_build_info')).toEqual([`chandlery_build_info{version="${version}"} 1`]);
});
