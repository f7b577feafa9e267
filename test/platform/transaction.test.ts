import fc from 'fast-check';
import { Client, type PoolClient } from 'pg';
import { openDatabase } from '../../shared/postgres/database';
import { causeOf } from '../../shared/postgres/errors';
import { SQLSTATE } from '../../shared/postgres/sqlstates';
import { statement } from '../../shared/postgres/statement';
import { OpenTransaction } from '../../shared/postgres/transaction';
import { createDatabase } from '../support/servers';
import { silent } from '../support/silent';
import { stepFixture } from '../support/step-fixture';

const NOTHING = 'SELECT WHERE false';
const bench = stepFixture('stock', 'items, stock_ledger', NOTHING);

const add = statement('test_add', 'INSERT INTO items (id, price) VALUES ($1, 1)');
const addInvalid = statement('test_add_too_dear', `INSERT INTO items (id, price) VALUES ('c', -1)`);
const read = statement<{ id: string }>('test_read', 'SELECT id FROM items ORDER BY id');
const items = async () =>
  (await bench.query<{ id: string }>('SELECT id FROM items ORDER BY id')).map(({ id }) => id);

test('changes nothing when the work fails, whatever it had written before', async () => {
  const failed = bench.transaction(async (tx) => {
    await tx.run(add, ['a']);
    throw new Error('changed its mind');
  });
  await expect(failed).rejects.toThrow('changed its mind');
  expect(await items()).toEqual([]);
});

const echo = statement<{ texts: (string | null)[]; numbers: number[] }>(
  'test_echo',
  'SELECT $1::text[] AS texts, $2::bigint[] AS numbers',
);

test('passes arrays of any texts and numbers on as they are', async () => {
  // PostgreSQL has no NUL in a text.
  const text = fc.string({ unit: 'binary' }).filter((value) => !value.includes('\0'));
  const special = fc.constantFrom(
    '',
    'NULL',
    'null',
    '"',
    '\\',
    '\\n',
    '\n',
    '\t',
    '\u0001',
    '{}',
    '{"a",b}',
    null,
  );
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.oneof(text, special)),
      fc.array(fc.maxSafeInteger()),
      async (texts, numbers) => {
        const [row] = await bench.transaction((tx) => tx.run(echo, [texts, numbers]));
        expect(row).toEqual({ texts, numbers });
      },
    ),
  );
});

test('runs work again that lost a race', async () => {
  await bench.query(`INSERT INTO items (id, price) VALUES ('a', 1)`);
  let runs = 0;
  await bench.transaction((tx) => tx.run(add, [runs++ === 0 ? 'a' : 'b']));
  expect(await items()).toEqual(['a', 'b']);
});

test('runs work again that lost a race, also when the error of a later statement surfaces first', async () => {
  await bench.query(`INSERT INTO items (id, price) VALUES ('a', 1)`);
  let runs = 0;
  await bench.transaction(async (tx) => {
    const lost = tx.run(add, [runs++ === 0 ? 'a' : 'b']);
    lost.catch(() => {});
    // The server answers this one with "current transaction is aborted".
    await tx.run(read);
    await lost;
  });
  expect(await items()).toEqual(['a', 'b']);
});

test('throws the error of a race that is lost every time', async () => {
  await bench.query(`INSERT INTO items (id, price) VALUES ('a', 1)`);
  const lost = await bench.transaction((tx) => tx.run(add, ['a'])).catch((error: unknown) => error);
  expect(lost).toMatchObject({ code: SQLSTATE.UNIQUE_VIOLATION });
});

test('throws the error of a failed statement that the work ignored, and commits nothing', async () => {
  await bench.query(`INSERT INTO items (id, price) VALUES ('a', 1)`);
  const ignored = bench.transaction(async (tx) => {
    await tx.run(add, ['b']);
    await tx.run(addInvalid).catch(() => {});
  });
  await expect(ignored).rejects.toThrow('items_price');
  expect(await items()).toEqual(['a']);
});

test('reads its own writes, also when both are issued together', async () => {
  const [, seen] = await bench.transaction((tx) => Promise.all([tx.run(add, ['a']), tx.run(read)]));
  expect(seen).toEqual([{ id: 'a' }]);
});

test('commits statements that are not awaited with the rest', async () => {
  await bench.transaction(async (tx) => {
    tx.send(add, ['a']);
    tx.send(add, ['b']);
  });
  expect(await items()).toEqual(['a', 'b']);
});

test('runs work again that lost a race, also when the losing statement was not awaited', async () => {
  await bench.query(`INSERT INTO items (id, price) VALUES ('a', 1)`);
  let runs = 0;
  await bench.transaction(async (tx) => {
    tx.send(add, [runs++ === 0 ? 'a' : 'b']);
  });
  expect(await items()).toEqual(['a', 'b']);
});

test('writes nothing when the server refuses to begin, although the first statements are sent along', async () => {
  const database = openDatabase({
    name: 'test',
    url: await createDatabase('stock'),
    poolSize: 1,
    log: silent,
  });
  const client = await database.pool.connect();
  const refused = new OpenTransaction(refusingToBegin(client));
  const [readResult, writeResult] = await Promise.allSettled([refused.run(read), refused.run(add, ['a'])]);
  const outage = { code: 'DATABASE_UNAVAILABLE', cause: { code: SQLSTATE.SYNTAX_ERROR } };
  expect(readResult).toMatchObject({ reason: outage });
  expect(writeResult).toMatchObject({ reason: outage });
  await expect(refused.commit()).rejects.toMatchObject(outage);
  client.release();
  expect(await database.transaction((tx) => tx.run(read))).toEqual([]);
  await database.close();
});

test('throws when a statement that is not awaited cannot be sent, and commits nothing', async () => {
  const circular: unknown[] = [];
  circular.push({ circular });
  const unsent = bench.transaction(async (tx) => {
    await tx.run(add, ['a']);
    tx.send(add, [{ circular }]);
  });
  await expect(unsent).rejects.toThrow();
  expect(await items()).toEqual([]);
});

test('only reads while an operator has made the server read-only, and writes when it is writable again', async () => {
  const url = await createDatabase('stock');
  const owner = new Client({ connectionString: url });
  await owner.connect();
  const name = new URL(url).pathname.slice(1);
  await owner.query(`ALTER DATABASE "${name}" SET default_transaction_read_only = on`);
  const database = openDatabase({ name: 'test', url, poolSize: 1, log: silent });
  const write = () => database.transaction((tx) => tx.run(add, ['a']));

  const fault = await write().catch((error: unknown) => error);
  expect([causeOf(fault), fault]).toMatchObject(['refused', { code: SQLSTATE.READ_ONLY_SQL_TRANSACTION }]);
  expect(await database.transaction((tx) => tx.run(read))).toEqual([]);

  await owner.query(`ALTER DATABASE "${name}" RESET default_transaction_read_only`);
  await owner.end();
  await write();
  expect(await database.transaction((tx) => tx.run(read))).toEqual([{ id: 'a' }]);
  await database.close();
});

/** Makes BEGIN fail, as if it were cancelled. */
function refusingToBegin(client: PoolClient): PoolClient {
  const query = (config: never) =>
    client.query((config === 'BEGIN READ WRITE' ? 'BEGIN NOTHING' : config) as never);
  return { query } as unknown as PoolClient;
}

test('reports a connection that the server ends in COMMIT as an outage, so that the work can run again', async () => {
  await bench.query(`
    CREATE FUNCTION lose() RETURNS trigger LANGUAGE plpgsql AS
      $$ BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NULL; END $$;
    CREATE CONSTRAINT TRIGGER lose AFTER INSERT ON items DEFERRABLE INITIALLY DEFERRED
      FOR EACH ROW EXECUTE FUNCTION lose()`);
  const lost = await bench.transaction((tx) => tx.run(add, ['a'])).catch((error: unknown) => error);
  await bench.query('DROP TRIGGER lose ON items');
  expect(causeOf(lost)).toBe('unreachable');
  expect(await bench.transaction((tx) => tx.run(read))).toEqual([]);
});
