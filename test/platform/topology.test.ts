import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type Channel, type ChannelModel, connect } from 'amqplib';
import { openCalls } from '../../shared/rabbit/calls';
import { openTopology, type TopologyMode } from '../../shared/rabbit/open-topology';
import { bindings, deadLetterQueueOf, declaredQueues, exchanges } from '../../shared/rabbit/topology';
import { participantNames } from '../../shared/services';
import type { ApiClient } from '../support/api-client';
import { askAgain, checkOutAll, fill, findWrongAnswers, placeOrders } from '../support/load';
import { createVhost, rabbitApi } from '../support/servers';
import { ShopProcesses } from '../support/shop';
import { silent } from '../support/silent';
import { until } from '../support/until';

/** What the promise allows: a minute from healing. A test that takes longer has failed. */
const ENDS_WITHIN_MS = 60_000;

const vhostOf = (amqp: string) => new URL(amqp).pathname.slice(1);
const isListed = (amqp: string, kind: 'queues' | 'exchanges', name: string) =>
  rabbitApi('GET', `/${kind}/${vhostOf(amqp)}/${name}`).then(
    () => true,
    () => false,
  );
const bindingsOf = async (amqp: string) =>
  ((await rabbitApi('GET', `/bindings/${vhostOf(amqp)}`)) as Record<string, string>[])
    .filter(({ source, destination }) => source !== '' && !destination?.startsWith('amq.gen'))
    .map(({ source, destination, routing_key }) => `${source} ${routing_key} ${destination}`)
    .sort();
const allBindings = bindings.map(({ exchange, key, queue }) => `${exchange} ${key} ${queue}`).sort();

describe('a shop whose topology is taken apart', () => {
  let shop: ShopProcesses;
  let api: ApiClient;
  let admin: ChannelModel;
  let channel: Channel;
  beforeAll(async () => {
    shop = await ShopProcesses.open({ env: { order: { CANCEL_AFTER_MS: '3000' } } });
    api = shop.client();
    admin = await connect(shop.amqp);
    channel = await admin.createChannel();
  });
  afterAll(async () => {
    await admin.close();
    await api.close();
    await shop.close();
  });

  /** Sums a metric over all replicas. */
  async function metric(series: string): Promise<number> {
    const pages = await Promise.all(
      shop.of().map(async ({ internalUrl }) => (await fetch(`${internalUrl}/metrics`)).text()),
    );
    return pages
      .flatMap((page) => page.split('\n').filter((line) => line.startsWith(series)))
      .reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
  }

  /** Checks out orders while every part is taken away once. Every buyer gets a final answer, and it is true. */
  async function checkOutDuring<T>(parts: readonly T[], takeAway: (part: T) => unknown): Promise<void> {
    const orders = await placeOrders(await fill(api), 300);
    const sold = checkOutAll(api, orders);
    for (const part of parts) {
      await takeAway(part);
      await sleep(100);
    }
    const answers = await askAgain(api, await sold);
    expect(await findWrongAnswers(api, answers)).toEqual([]);
    await shop.balances(ENDS_WITHIN_MS);
    // What was taken away after the last sale is missed by nobody before the next look at the topology.
    await until(async () => isDeepStrictEqual(await bindingsOf(shop.amqp), allBindings));
  }

  test('ends every saga while bindings are removed under load', () =>
    checkOutDuring(bindings, ({ queue, exchange, key }) => channel.unbindQueue(queue, exchange, key)));

  test('ends every saga while exchanges are deleted under load', () =>
    checkOutDuring(exchanges, ({ name }) => channel.deleteExchange(name)));

  test('ends every saga while queues are deleted under load', () =>
    checkOutDuring(declaredQueues, ({ name }) => channel.deleteQueue(name)));

  test('declares a queue again that nobody consumes, and counts it', async () => {
    const name = deadLetterQueueOf('payment.charge');
    const lost = `broker_topology_repaired_total{name="${name}"}`;
    // Payment looks more often than the others, which may be first all the same.
    const before = await metric(lost);
    await channel.deleteQueue(name);
    await until(() => isListed(shop.amqp, 'queues', name));
    await until(async () => (await metric(lost)) > before);
  });

  test('keeps what is meant for a service that is down and whose queue is gone, and decides it once the service is back', async () => {
    const [user, item] = [await api.user(10), await api.item(1, 10)];
    const order = await api.order(user, { [item]: 1 });
    const payment = shop.one('payment');
    await shop.end(payment, 'SIGTERM');
    await channel.deleteQueue('payment.charge');
    const answer = api.checkout(order);
    await until(async () => (await shop.rows('stock', 'SELECT FROM outbox')).length > 0);
    shop.start(payment);
    // Order may have asked payment to cancel it by then.
    expect([200, 409]).toContain((await answer).status);
    await shop.ready();
    await shop.balances(ENDS_WITHIN_MS);
  });

  test('sells both sides when one of the two queues of a capture was missing as it was published', async () => {
    const [user, item] = [await api.user(10), await api.item(1, 10)];
    const order = await api.order(user, { [item]: 1 });
    const [payment, stock] = [shop.one('payment'), shop.one('stock')];
    payment.process.kill('SIGSTOP');
    const answer = api.checkout(order);
    const held = `SELECT FROM reservations WHERE order_id = $1 AND state = 'RESERVED'`;
    await until(async () => (await shop.rows('stock', held, [order])).length === 1);
    // Stock would declare its queue again at once.
    stock.process.kill('SIGSTOP');
    await channel.deleteQueue('stock.settle');
    payment.process.kill('SIGCONT');
    const { status } = await answer.finally(() => stock.process.kill('SIGCONT'));
    expect(status).toBe(200);
    await shop.balances(ENDS_WITHIN_MS);
    expect(await api.stock(item)).toBe(9);
  });

  test('says that nothing is wrong when all is as it should be', async () => {
    expect(await metric('broker_topology_problems ')).toBe(0);
  });
});

test('sells through a queue that exists with other settings, and says which and what to do', async () => {
  const amqp = await createVhost();
  const admin = await connect(amqp);
  const channel = await admin.createChannel();
  await channel.assertQueue('stock.settle', { durable: true });
  await admin.close();
  const problems: string[] = [];
  const log = { ...silent, error: (facts: { problem?: string }) => problems.push(facts.problem ?? '') };
  const shop = await ShopProcesses.open({ amqp });
  const api = shop.client();
  const [user, item] = [await api.user(10), await api.item(1, 10)];
  expect((await api.checkout(await api.order(user, { [item]: 1 }))).status).toBe(200);
  await shop.balances();
  await api.close();
  await shop.close();

  const looking = await connect(amqp);
  await openTopology({ mode: 'declare', log: log as never }).ensure(() => looking.createChannel());
  await looking.close();
  expect(problems).toEqual([expect.stringContaining('queue stock.settle exists with other settings')]);
  expect(problems[0]).toContain('let it run empty, then delete it');
});

describe('a service that looks at its own part', () => {
  test('still says what is wrong with the part of another service', async () => {
    const amqp = await createVhost();
    const connection = await connect(amqp);
    const channel = await connection.createChannel();
    await channel.assertQueue('payment.charge', { durable: true });
    const said: string[] = [];
    const say = (_: unknown, text?: string) => void said.push(text ?? String(_));
    const log = { ...silent, error: say, info: say } as never;
    const topology = openTopology({ mode: 'declare', service: 'order', log });
    await topology.ensure(() => connection.createChannel());
    await topology.ensureOwn(() => connection.createChannel());
    expect(said).not.toContain('the topology of the broker is as it should be again');
    await channel.deleteQueue('payment.charge');
    await topology.ensureOwn(() => connection.createChannel());
    expect(await isListed(amqp, 'queues', 'payment.charge')).toBe(false);
    await topology.ensure(() => connection.createChannel());
    expect(await isListed(amqp, 'queues', 'payment.charge')).toBe(true);
    expect(said).toContain('the topology of the broker is as it should be again');
    await connection.close();
  });
});

describe('a service that declares only its own part', () => {
  const ensure = (connection: ChannelModel, mode: TopologyMode, service: string) =>
    openTopology({ mode, service, log: silent }).ensure(() => connection.createChannel());

  test('starts in any order: bindings to an exchange that is missing are made once it is there', async () => {
    const amqp = await createVhost();
    const connection = await connect(amqp);
    const order = openTopology({ mode: 'own', service: 'order', log: silent });
    await order.ensure(() => connection.createChannel());
    expect(order.isIncomplete()).toBe(true);
    const others = participantNames.filter((name) => name !== 'order');
    // The second time, every exchange is there.
    for (const service of [...others, ...others]) {
      await ensure(connection, 'own', service);
    }
    await order.ensure(() => connection.createChannel());
    expect(order.isIncomplete()).toBe(false);
    expect(await bindingsOf(amqp)).toEqual(allBindings);
    await connection.close();
  });

  test('declares nothing of another service', async () => {
    const amqp = await createVhost();
    const connection = await connect(amqp);
    await ensure(connection, 'own', 'payment');
    const listed = (await rabbitApi('GET', `/queues/${vhostOf(amqp)}`)) as { name: string }[];
    expect(listed.map(({ name }) => name).sort()).toEqual(['payment.charge', 'payment.charge.dead']);
    expect(await isListed(amqp, 'exchanges', 'order.events')).toBe(false);
    await connection.close();
  });

  test('only checks with the mode check, and then names what is missing', async () => {
    const connection = await connect(await createVhost());
    await expect(ensure(connection, 'check', 'stock')).rejects.toThrow(
      'queue stock.settle is missing, and this service does not declare it',
    );
    await connection.close();
  });
});

describe('a part of the broker that does not answer', () => {
  /** The connection has room for one channel. */
  async function connectOnce() {
    const url = new URL(await createVhost());
    url.searchParams.set('channelMax', '1');
    const connection = await connect(url.href);
    const calls = openCalls(() => connection.createChannel());
    const isAnswered = () =>
      calls
        .refusalOf((channel) => channel.checkExchange('amq.direct'))
        .then(
          () => true,
          () => false,
        );
    return { connection, calls, isAnswered };
  }

  test('costs no channel: the call that was given up is followed by others', async () => {
    const { connection, calls, isAnswered } = await connectOnce();
    await expect(calls.refusalOf(() => new Promise(() => {}))).rejects.toThrow('did not answer in time');
    await until(isAnswered);
    await connection.close();
  });

  test('costs no channel that is opened too late', async () => {
    const { connection, isAnswered } = await connectOnce();
    const late = openCalls(() => sleep(11_000).then(() => connection.createChannel()));
    let wasCalled = false;
    const call = async () => {
      wasCalled = true;
    };
    await expect(late.refusalOf(call)).rejects.toThrow('did not answer in time');
    await sleep(2_000);
    expect(wasCalled).toBe(false);
    await until(isAnswered);
    await connection.close();
  });
});
