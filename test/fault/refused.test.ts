import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, test } from '@jest/globals';
import { Client } from 'pg';
import { type CheckoutName, checkoutNames, perCheckoutServiceAsync } from '../../shared/services';
import { grantStatements } from '../../tools/deploy/grants';
import { askAgain, checkOutAll, fill, findWrongAnswers, placeOrders } from '../support/load';
import { createDatabases } from '../support/servers';
import { ShopProcesses } from '../support/shop';

/** A database that refuses a service delays checkouts. It is never the fault of an event, and never a 500. */

const suffix = randomBytes(4).toString('hex');
const roleOf = (service: CheckoutName) => `${service}_${suffix}`;

let shop: ShopProcesses | undefined;
let owned: Awaited<ReturnType<typeof createDatabases>>;
afterEach(async () => {
  await shop?.close();
  for (const service of checkoutNames) {
    await admin(service, `DROP OWNED BY "${roleOf(service)}"`, `DROP ROLE "${roleOf(service)}"`);
  }
});

/** Runs statements as the administrator, in the database of a service. */
async function admin(service: CheckoutName, ...statements: string[]): Promise<void> {
  const url = new URL(owned[service]);
  const { username, password } = new URL(process.env.TEST_POSTGRES_URL ?? '');
  const client = new Client({ connectionString: Object.assign(url, { username, password }).href });
  await client.connect();
  try {
    for (const statement of statements) {
      await client.query(statement);
    }
  } finally {
    await client.end();
  }
}

/** The rights that a cluster gives to the service, and those to audit its books. */
const rightsOf = (service: CheckoutName) => [
  ...grantStatements(service, 'runtime', roleOf(service)),
  `GRANT SELECT ON ALL TABLES IN SCHEMA public TO "${roleOf(service)}"`,
];

/** Opens a shop whose services have roles of their own. */
async function openShop(): Promise<ShopProcesses> {
  owned = await createDatabases();
  const databases = await perCheckoutServiceAsync(async (service) => {
    await admin(service, `CREATE ROLE "${roleOf(service)}" LOGIN PASSWORD '${suffix}'`, ...rightsOf(service));
    return Object.assign(new URL(owned[service]), { username: roleOf(service), password: suffix }).href;
  });
  return ShopProcesses.open({
    databases: { ...owned, ...databases },
    env: { order: { CANCEL_AFTER_MS: '60000' } },
  });
}

const endSessions = (service: CheckoutName) =>
  `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '${roleOf(service)}'`;
const databaseOf = (service: CheckoutName) => new URL(owned[service]).pathname.slice(1);

const refusals: Record<string, (service: CheckoutName) => { refuse: string[]; mend: string[] }> = {
  'wants another password': (service) => ({
    refuse: [`ALTER ROLE "${roleOf(service)}" PASSWORD 'changed'`, endSessions(service)],
    mend: [`ALTER ROLE "${roleOf(service)}" PASSWORD '${suffix}'`],
  }),
  'has taken its rights away': (service) => ({
    refuse: [`REVOKE ALL ON ALL TABLES IN SCHEMA public FROM "${roleOf(service)}"`],
    mend: rightsOf(service),
  }),
  'is closed': (service) => ({
    refuse: [`ALTER DATABASE "${databaseOf(service)}" WITH ALLOW_CONNECTIONS false`, endSessions(service)],
    mend: [`ALTER DATABASE "${databaseOf(service)}" WITH ALLOW_CONNECTIONS true`],
  }),
};

const cases = Object.keys(refusals).flatMap((name) =>
  checkoutNames.map((service) => [service, name] as const),
);

test.each(cases)(
  'every checkout ends as it should and none gets 500, although the database of %s %s for a while',
  async (service, name) => {
    shop = await openShop();
    const api = shop.client();
    const orders = await placeOrders(await fill(api), 300);
    const { refuse, mend } = (refusals[name] as (typeof refusals)[string])(service);
    // A closed database lets nobody in who could open it, so this is done from that of another service.
    const beside = checkoutNames.find((other) => other !== service) as CheckoutName;
    const from = name === 'is closed' ? beside : service;
    const sold = checkOutAll(api, orders, 20);
    await sleep(100);
    await admin(from, ...refuse);
    await sleep(2_000);
    await admin(from, ...mend);
    const answers = await sold;
    expect(answers.filter(({ status }) => status === 500)).toEqual([]);
    expect(await findWrongAnswers(api, await askAgain(api, answers))).toEqual([]);
    await shop.balances();
    await api.close();
  },
);
