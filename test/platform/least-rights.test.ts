import { type ExecFileException, execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Client } from 'pg';
import { broadcasts } from '../../shared/contract/broadcasts';
import { credentialsOf } from '../../shared/credentials';
import { SQLSTATE } from '../../shared/postgres/sqlstates';
import { openConnection } from '../../shared/rabbit/open';
import { countMessages } from '../../shared/rabbit/queues';
import { bindings, declaredQueues, exchanges } from '../../shared/rabbit/topology';
import { CONFIG_EXIT_CODE } from '../../shared/service/config';
import { type ParticipantName, participantNames, perParticipant } from '../../shared/services';
import { brokerUsers, permissionsOf } from '../../tools/deploy/broker-definitions';
import { tablesOf } from '../../tools/deploy/grants';
import { databaseVariables } from '../../tools/support/addresses';
import { CatalogClient } from '../support/catalog';
import { runProgram } from '../support/run-program';
import { createDatabases, createVhost, rabbitApi } from '../support/servers';
import { ShopProcesses } from '../support/shop';
import { until } from '../support/until';

/** A shop as a cluster runs it: its services may not change their schema, and of the topology only their own part. */
const run = promisify(execFile);
const secret = randomBytes(12).toString('hex');
const roles = { runtime: `runtime_${secret}`, auditor: `auditor_${secret}`, operator: `operator_${secret}` };

/** Its parts have a meaning in a URL, or are more than a byte long. */
const password = `${secret} é%@:/?#`;

let owned: Record<ParticipantName, string>;
let vhost: string;
const brokerUrl = (user: string) => {
  const url = new URL(vhost);
  url.username = user;
  url.password = encodeURIComponent(password);
  return url.href;
};
const databaseUrl = (service: ParticipantName, role: string) => {
  const url = new URL(owned[service]);
  url.username = role;
  url.password = encodeURIComponent(password);
  return url.href;
};

function define(settings: Record<string, string> = {}): Promise<string> {
  const admin = credentialsOf(process.env.TEST_AMQP_URL ?? '');
  const env = {
    PATH: process.env.PATH,
    RABBIT_API_URL: (process.env.TEST_RABBIT_API ?? '').replace(/\/api$/, ''),
    RABBIT_ADMIN_USER: admin.username,
    RABBIT_ADMIN_PASSWORD: admin.password,
    ...Object.fromEntries(brokerUsers.map((user) => [`${user.toUpperCase()}_AMQP_URL`, brokerUrl(user)])),
    ...settings,
  };
  return run(process.execPath, ['dist/tools/deploy/define-broker.js'], { env }).then(({ stdout }) => stdout);
}

function migrate(service: ParticipantName, settings: Record<string, string>): Promise<unknown> {
  const env = { PATH: process.env.PATH, DATABASE_URL: owned[service], ...settings };
  return run(process.execPath, ['dist/tools/deploy/migrate.js', service], { env });
}

async function deleteTopology(amqp: string): Promise<void> {
  const admin = await openConnection(amqp);
  const channel = await admin.createChannel();
  for (const { name } of declaredQueues) {
    await channel.deleteQueue(name);
  }
  for (const { name } of exchanges) {
    await channel.deleteExchange(name);
  }
  await admin.close();
}

const failure = (work: Promise<unknown>) =>
  work.then(
    () => 'it succeeded',
    (error: ExecFileException) => error.stderr ?? error.message,
  );

async function query(url: string, sql: string): Promise<unknown[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  return client
    .query(sql)
    .then((result) => result.rows)
    .finally(() => client.end());
}

beforeAll(async () => {
  owned = await createDatabases();
  vhost = await createVhost();
  for (const role of Object.values(roles)) {
    await query(process.env.TEST_POSTGRES_URL ?? '', `CREATE ROLE "${role}" LOGIN PASSWORD '${password}'`);
  }
  const settings = {
    RUNTIME_ROLE: roles.runtime,
    AUDITOR_ROLE: roles.auditor,
    OPERATOR_ROLE: roles.operator,
  };
  await Promise.all([...participantNames.map((service) => migrate(service, settings)), define()]);
});
afterAll(async () => {
  for (const user of brokerUsers) {
    await rabbitApi('DELETE', `/users/${user}`);
  }
});

describe('a shop whose services have no more rights than they need, and passwords that need escapes', () => {
  let shop: ShopProcesses;
  beforeAll(async () => {
    const restricted = (service: ParticipantName) => ({
      DATABASE_URL: databaseUrl(service, roles.runtime),
      AMQP_URL: brokerUrl(service),
      TOPOLOGY: 'own',
    });
    shop = await ShopProcesses.open({
      amqp: vhost,
      databases: owned,
      services: participantNames,
      replicas: { order: 2 },
      env: Object.fromEntries(participantNames.map((service) => [service, restricted(service)])),
    });
  });
  afterAll(() => shop.close());

  test('sells, refuses and releases, and its books balance', async () => {
    const api = shop.client();
    const [user, poor, item] = [await api.user(100), await api.user(1), await api.item(10, 2)];
    const buy = async (buyer: string, quantity: number) =>
      (await api.checkout(await api.order(buyer, { [item]: quantity }))).status;
    expect([await buy(user, 1), await buy(poor, 1), await buy(user, 5), await buy(user, 1)]).toEqual([
      200, 409, 409, 200,
    ]);
    const order = await api.order(user, { [item]: 1 });
    expect((await api.request('DELETE', `/orders/remove/${order}`)).status).toBe(200);
    for (const path of [
      '/orders/batch_init/5/5/5/1',
      '/payment/batch_init/5/100',
      '/stock/batch_init/5/10/1',
    ]) {
      expect((await api.post(path, { 'Idempotency-Key': randomBytes(8).toString('hex') })).status).toBe(200);
    }
    await api.close();
    await shop.balances();
  });

  test('declares again what was deleted, each service its own part, and sells', async () => {
    const api = shop.client();
    const [user, item] = [await api.user(10), await api.item(10, 2)];
    await deleteTopology(vhost);
    expect((await api.checkout(await api.order(user, { [item]: 1 }))).status).toBe(200);
    await api.close();
    await shop.balances();
    await brokerState();
  });

  test('takes what a shopkeeper brings, tells how much there is, and counts the votes of buyers', async () => {
    const catalog = new CatalogClient([shop.one('catalog').url]);
    const item = await catalog.mustStock({ name: 'Lamp', quantity: 3, price: 1 });
    await until(async () => (await catalog.get(`/catalog/products/${item}`)).body.quantity === 3);
    const api = shop.client();
    const user = await api.user(10);
    expect((await api.checkout(await api.order(user, { [item]: 1 }))).status).toBe(200);
    await until(async () => (await catalog.get(`/catalog/products/${item}`)).body.quantity === 2);
    expect((await catalog.send('POST', `/catalog/vote/${user}/${item}/5`)).status).toBe(200);
    await api.close();
    await shop.balances();
  });

  test('broadcasts through one queue for each replica of order and of catalog', async () => {
    const name = new URL(vhost).pathname.slice(1);
    const queues = (await rabbitApi('GET', `/queues/${name}`)) as { name: string }[];
    expect(queues.filter(({ name }) => name.startsWith('amq.gen-'))).toHaveLength(3);
    expect(queues.filter(({ name }) => !name.startsWith('amq.gen-'))).toHaveLength(declaredQueues.length);
    // The exchange was deleted above, and with it the bindings of these queues.
    const bound = async () =>
      (await rabbitApi('GET', `/exchanges/${name}/order.settled/bindings/source`)) as unknown[];
    await until(async () => (await bound()).length === 2);
  });
});

test('services that all start at once on a broker without any topology declare it together, and sell', async () => {
  const empty = await createVhost();
  const urlOf = (user: string) =>
    Object.assign(new URL(brokerUrl(user)), { pathname: new URL(empty).pathname });
  await define(
    Object.fromEntries(brokerUsers.map((user) => [`${user.toUpperCase()}_AMQP_URL`, urlOf(user).href])),
  );
  await deleteTopology(empty);
  const own = (service: ParticipantName) => ({ AMQP_URL: urlOf(service).href, TOPOLOGY: 'own' });
  const shop = await ShopProcesses.open({
    amqp: empty,
    services: participantNames,
    env: Object.fromEntries(participantNames.map((service) => [service, own(service)])),
  });
  const api = shop.client();
  const [user, item] = [await api.user(10), await api.item(10, 2)];
  expect((await api.checkout(await api.order(user, { [item]: 1 }))).status).toBe(200);
  await api.close();
  await shop.balances();
  await shop.close();
});

describe('a service may not', () => {
  test.each([
    ['change its schema', 'order', 'CREATE TABLE mine (id int)'],
    ['drop a table', 'order', 'DROP TABLE orders'],
    ['empty a table', 'order', 'TRUNCATE sagas'],
    ['forget a saga', 'order', 'DELETE FROM sagas'],
    ['rewrite a ledger', 'payment', 'UPDATE credit_ledger SET delta = 0'],
    ['shorten a ledger', 'stock', 'DELETE FROM stock_ledger'],
    ['change a decision', 'payment', "UPDATE charges SET state = 'CAPTURED'"],
    ['read what operators did', 'payment', 'SELECT FROM operator_actions'],
    ['change what operators did', 'payment', "UPDATE operator_actions SET actor = 'me'"],
    ['read the list of migrations', 'stock', 'SELECT * FROM _prisma_migrations'],
  ] as const)('%s', async (_title, service, sql) => {
    await expect(query(databaseUrl(service, roles.runtime), sql)).rejects.toMatchObject({
      code: SQLSTATE.INSUFFICIENT_PRIVILEGE,
    });
  });

  test.each([
    ["publish to another's exchange", 'stock', { exchange: 'payment.events', key: 'payment.captured' }],
    ['publish to a queue past its exchange', 'stock', { exchange: '', key: 'order.settle' }],
    ["take another's messages", 'stock', { take: 'order.settle' }],
    ['take dead letters', 'payment', { take: 'payment.charge.dead' }],
    ['declare a queue', 'order', { declare: 'mine' }],
    ["delete another's queue", 'stock', { remove: 'order.settle' }],
    ["bind another's queue", 'stock', { bind: ['order.settle', 'stock.events'] }],
    ['listen to a service that tells it nothing', 'payment', { bind: ['payment.charge', 'payment.events'] }],
  ] as const)('%s', async (_title, user, action) => {
    expect(await refusalOf(user, action)).toBe(403);
  });
});

/** Returns the code with which the broker refuses a user's action; undefined when the user may do it. */
async function refusalOf(
  user: string,
  action: {
    exchange?: string;
    key?: string;
    take?: string;
    declare?: string;
    remove?: string;
    bind?: readonly [queue: string, exchange: string];
  },
): Promise<number | undefined> {
  const connection = await openConnection(brokerUrl(user));
  connection.on('error', () => {});
  try {
    const channel = await connection.createConfirmChannel();
    const closed = new Promise<number | undefined>((resolve) =>
      channel.on('error', (error: Error & { code?: number }) => resolve(error.code)),
    );
    const act = async () => {
      if (action.take) {
        await channel.get(action.take, { noAck: false });
      }
      if (action.declare) {
        await channel.assertQueue(action.declare, { durable: true });
      }
      if (action.remove) {
        await channel.deleteQueue(action.remove);
      }
      if (action.bind) {
        await channel.bindQueue(...action.bind, 'any');
      }
      if (action.key) {
        channel.publish(action.exchange ?? '', action.key, Buffer.from('{}'));
        await channel.waitForConfirms();
      }
      return undefined;
    };
    return await Promise.race([closed, act().catch(() => closed)]);
  } finally {
    await connection.close().catch(() => {});
  }
}

describe('the auditor and operators', () => {
  test('read every table but secrets, and only an operator records actions', async () => {
    for (const service of participantNames) {
      for (const table of Object.keys(tablesOf(service))) {
        await query(databaseUrl(service, roles.auditor), `SELECT * FROM ${table} LIMIT 1`);
        await query(databaseUrl(service, roles.operator), `SELECT * FROM ${table} LIMIT 1`);
      }
      const record = `INSERT INTO operator_actions (actor, action, saga_ids, event_ids, reason, detail)
        VALUES ('me', 'cancel', '{}', '{}', 'a test', '{}')`;
      await query(databaseUrl(service, roles.operator), record);
      await expect(query(databaseUrl(service, roles.auditor), record)).rejects.toMatchObject({
        code: SQLSTATE.INSUFFICIENT_PRIVILEGE,
      });
    }
  });

  test('count messages; only an operator takes dead letters and sends them back', async () => {
    const queues = declaredQueues.map(({ name }) => name);
    for (const user of ['auditor', 'operator']) {
      const counted = await countMessages(brokerUrl(user), queues);
      expect(counted.every(({ messages }) => messages !== undefined)).toBe(true);
    }
    expect(await refusalOf('auditor', { take: 'stock.settle.dead' })).toBe(403);
    expect(await refusalOf('auditor', { exchange: '', key: 'stock.settle' })).toBe(403);
    expect(await refusalOf('auditor', { bind: ['stock.settle', 'payment.events'] })).toBe(403);
    expect(await refusalOf('operator', { take: 'stock.settle' })).toBe(403);
    expect(await refusalOf('operator', { take: 'stock.settle.dead' })).toBeUndefined();
  });
});

test.each([
  ['the audit', 'audit/main.js', 'auditor'],
  ["the operators' commands", 'operate/deadletters-command.js', 'operator'],
] as const)(
  '%s, too, log in with such passwords, even if a space is written as such',
  async (_title, file, user) => {
    const written = (url: string) => url.replaceAll('%20', ' ');
    const databases = databaseVariables(
      perParticipant((service) => written(databaseUrl(service, roles[user]))),
    );
    const env = { PATH: process.env.PATH, ...databases, AMQP_URL: written(brokerUrl(user)) };
    expect(await runProgram(`dist/tools/${file}`, [], env)).toMatchObject({ status: 0, stderr: '' });
  },
);

test.each([
  ['AMQP_URL', { AMQP_URL: 'amqp://order:top%secret@127.0.0.1' }],
  ['AMQP_URL', { AMQP_URL: 'amqp://order:top%E9secret@127.0.0.1' }],
  ['DATABASE_URL', { DATABASE_URL: 'postgresql://order:top%secret@127.0.0.1/order' }],
])(
  'a password in %s that is not escaped, or not in UTF-8, is refused at start, and not shown',
  async (name, wrong) => {
    const right = { DATABASE_URL: databaseUrl('order', roles.runtime), AMQP_URL: brokerUrl('order') };
    const env = { PATH: process.env.PATH, ...right, ...wrong };
    const { status, stdout, stderr } = await runProgram('dist/order/src/main.js', [], env);
    expect(status).toBe(CONFIG_EXIT_CODE);
    expect(stdout + stderr).toContain(`  ${name} has a % that begins no UTF-8 character`);
    expect(stdout + stderr).not.toContain('secret');
  },
);

describe('preparing databases and broker', () => {
  test('grants rights on every table that exists, and on no other', async () => {
    for (const service of participantNames) {
      const tables = await query(
        owned[service],
        `SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> '_prisma_migrations'`,
      );
      expect(tables.map((row) => (row as { tablename: string }).tablename).sort()).toEqual(
        Object.keys(tablesOf(service)).sort(),
      );
    }
  });

  test('revokes rights that a role should not have', async () => {
    await query(owned.payment, `GRANT DELETE ON charges TO "${roles.auditor}"`);
    await migrate('payment', { AUDITOR_ROLE: roles.auditor });
    await expect(query(databaseUrl('payment', roles.auditor), 'DELETE FROM charges')).rejects.toMatchObject({
      code: SQLSTATE.INSUFFICIENT_PRIVILEGE,
    });
  });

  test('names the variable whose role does not exist', async () => {
    expect(await failure(migrate('stock', { RUNTIME_ROLE: 'nobody_at_all' }))).toContain('RUNTIME_ROLE');
  });

  test('refuses to restrict the owner, who keeps all rights', async () => {
    expect(await failure(migrate('stock', { AUDITOR_ROLE: 'stock' }))).toContain('Name another');
    await query(owned.stock, 'SELECT * FROM items');
  });

  test('changes nothing when it runs again', async () => {
    const before = await brokerState();
    // Dead letters and two broadcasts, besides an exchange for each service that publishes; the auditor and operators.
    const exchanges = participantNames.length + 3;
    const users = participantNames.length + 2;
    expect(await define()).toMatch(
      new RegExp(`^${exchanges} exchanges, \\d+ queues and ${users} users are up to date`),
    );
    expect(await brokerState()).toEqual(before);
  });

  test('leaves every user with exactly the permissions of the table', () => {
    const queues = declaredQueues.map(({ name }) => name);
    expect(permissionsOf('auditor')).toEqual({ configure: [], write: queues, read: [] });
    const declared = ['payment.events', 'dead_letters', 'payment.charge', 'payment.charge.dead'];
    expect(permissionsOf('payment')).toEqual({
      configure: declared,
      write: declared,
      read: ['payment.charge', 'dead_letters', 'order.events', 'stock.events'],
    });
  });

  test('refuses the address of another user at once, and a login that the broker refuses', async () => {
    expect(await failure(define({ STOCK_AMQP_URL: brokerUrl('order') }))).toContain('STOCK_AMQP_URL');
    expect(await failure(define({ RABBIT_ADMIN_PASSWORD: 'wrong' }))).toContain('401');
  });

  test('waits for the given number of nodes, and fails with their count when time is up', async () => {
    expect(await failure(define({ RABBIT_NODES: '3', WAIT_MS: '1' }))).toContain('1 of 3 nodes run');
  });
});

async function brokerState(): Promise<unknown> {
  const name = new URL(vhost).pathname.slice(1);
  const actual = (await rabbitApi('GET', `/bindings/${name}`)) as { source: string; destination: string }[];
  expect(actual.filter(({ source }) => source !== '' && !(source in broadcasts))).toHaveLength(
    bindings.length,
  );
  return {
    permissions: await rabbitApi('GET', `/vhosts/${name}/permissions`),
    exchanges: ((await rabbitApi('GET', `/exchanges/${name}`)) as { name: string }[]).map(
      (exchange) => exchange.name,
    ),
  };
}
