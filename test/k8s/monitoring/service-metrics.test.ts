import { registry } from '../../../shared/observe/metrics';
import '../../../shared/observe/process-metrics';
import { watchBroker, watchPool } from '../../../shared/observe/resource-metrics';
import { openDatabase } from '../../../shared/postgres/database';
import { statement } from '../../../shared/postgres/statement';
import { createDatabase } from '../../support/servers';
import { silent } from '../../support/silent';

const selectOne = statement<{ one: number }>('one', 'SELECT 1 AS one');

/** Returns the lines of a scrape that begin with `prefix`. */
async function linesOf(prefix: string): Promise<string[]> {
  return (await registry.metrics()).split('\n').filter((line) => line.startsWith(prefix));
}

test('a pool shows its connections in use and idle, and how many transactions wait for one', async () => {
  const database = openDatabase({
    name: 'test',
    url: await createDatabase('order'),
    poolSize: 2,
    log: silent,
  });
  watchPool('test', database.pool, 2);
  let release = () => {};
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  const transactions = [0, 1].map(() => {
    let work: Promise<void> = Promise.resolve();
    const started = new Promise<void>((resolve) => {
      work = database.transaction(async (tx) => {
        await tx.run(selectOne);
        resolve();
        await released;
      });
    });
    return { started, work: () => work };
  });
  await Promise.all(transactions.map(({ started }) => started));
  const third = database.transaction((tx) => tx.run(selectOne));
  expect(await linesOf('database_pool_connections{pool="test"')).toEqual([
    'database_pool_connections{pool="test",state="in_use"} 2',
    'database_pool_connections{pool="test",state="idle"} 0',
  ]);
  expect(await linesOf('database_pool_waiting{pool="test"')).toEqual([
    'database_pool_waiting{pool="test"} 1',
  ]);
  expect(await linesOf('database_pool_size{pool="test"')).toEqual(['database_pool_size{pool="test"} 2']);

  release();
  await Promise.all([third, ...transactions.map(({ work }) => work())]);
  expect(await linesOf('database_pool_connections{pool="test"')).toEqual([
    'database_pool_connections{pool="test",state="in_use"} 0',
    'database_pool_connections{pool="test",state="idle"} 2',
  ]);
  await database.close();
});

test('a connection to the broker shows whether it is connected now', async () => {
  let isConnected = true;
  watchBroker('test', { isConnected: () => isConnected });
  expect(await linesOf('broker_connected{connection="test"')).toEqual([
    'broker_connected{connection="test"} 1',
  ]);
  isConnected = false;
  expect(await linesOf('broker_connected{connection="test"')).toEqual([
    'broker_connected{connection="test"} 0',
  ]);
});

test('a process shows its memory limit and its version', async () => {
  const [limit] = await linesOf('process_memory_limit_bytes ');
  const [resident] = await linesOf('process_resident_memory_bytes ');
  const bytes = (line = '') => Number(line.split(' ')[1]);
  expect(bytes(limit)).toBeGreaterThan(bytes(resident));
  expect(bytes(limit)).toBeLessThan(2 ** 50);
  const { version } = require('../../../package.json');
  expect(await linesOf('chandlery_build_info')).toEqual([`chandlery_build_info{version="${version}"} 1`]);
});
