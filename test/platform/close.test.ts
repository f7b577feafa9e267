import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, connect as tcp } from 'node:net';
import { close } from '../../shared/rabbit/close';
import { closeOnFailure, keepConnected } from '../../shared/rabbit/connection';
import { type Consumer, connectConsumer, type Delivery } from '../../shared/rabbit/consumer';
import { openConnection } from '../../shared/rabbit/open';
import { createVhost } from '../support/servers';
import { silent } from '../support/silent';
import { until } from '../support/until';

/** Methods as AMQP encodes them: class, then method. */
const BASIC_QOS = Buffer.from([0, 60, 0, 10]);
const BASIC_CANCEL = Buffer.from([0, 60, 0, 30]);
const CHANNEL_CLOSE = Buffer.from([0, 20, 0, 40]);
const CONNECTION_CLOSE = Buffer.from([0, 10, 0, 50]);

/**
 * A link to the broker that breaks as soon as the client sends these bytes. Or else the first connection that sends them
 * passes nothing more on from then.
 */
let link: Server;
async function linkThatBreaksAt(bytes: Buffer, { silentOnce = false } = {}): Promise<string> {
  let mayFallSilent = silentOnce;
  const url = new URL(await createVhost());
  const [host, port] = [url.hostname, Number(url.port)];
  link = createServer((client) => {
    const upstream = tcp(port, host);
    for (const [from, to] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      from.on('error', () => {});
      from.on('close', () => to.destroy());
    }
    upstream.pipe(client);
    let isSilent = false;
    client.on('data', (data) => {
      const isHit = data.includes(bytes);
      if (isHit && !silentOnce) {
        client.destroy();
      } else if (isHit && mayFallSilent) {
        mayFallSilent = false;
        isSilent = true;
      }
      if (!isSilent) {
        upstream.write(data);
      }
    });
  }).listen(0, '127.0.0.1');
  await once(link, 'listening');
  if (silentOnce) {
    // Or else the broker would cut the silent connection: it would not get heartbeats.
    url.searchParams.set('heartbeat', '0');
  }
  url.host = `127.0.0.1:${(link.address() as AddressInfo).port}`;
  return url.href;
}
afterEach(() => void link.close());

test('the close of a channel ends when the connection is lost before the broker answers', async () => {
  const connection = await openConnection(await linkThatBreaksAt(CHANNEL_CLOSE));
  connection.on('error', () => {});
  const channel = await connection.createChannel();
  await close(channel);
  await expect(connection.createChannel()).rejects.toThrow();
});

test('the close of a connection ends when it is lost before the broker answers', async () => {
  const connection = await openConnection(await linkThatBreaksAt(CONNECTION_CLOSE));
  connection.on('error', () => {});
  await close(connection);
  await expect(connection.createChannel()).rejects.toThrow();
});

test('a connection whose close the broker does not answer is cut, and made again', async () => {
  let setUps = 0;
  let end = () => {};
  const connection = await keepConnected({
    url: await linkThatBreaksAt(CONNECTION_CLOSE, { silentOnce: true }),
    name: 'test',
    log: silent,
    async setup(model) {
      setUps++;
      end = closeOnFailure(model);
    },
  });
  await until(() => connection.isConnected());
  end();
  await until(() => setUps === 2 && connection.isConnected());
  await connection.close();
});

test('a connection whose setup the broker does not answer is given up, and made again', async () => {
  let setUps = 0;
  const connection = await keepConnected({
    url: await linkThatBreaksAt(BASIC_QOS, { silentOnce: true }),
    name: 'test',
    log: silent,
    async setup(model) {
      setUps++;
      await (await model.createChannel()).prefetch(1);
    },
  });
  await until(() => setUps === 2 && connection.isConnected());
  await connection.close();
});

test('a connection for good ends although the broker does not answer its close', async () => {
  const connection = await keepConnected({
    url: await linkThatBreaksAt(CONNECTION_CLOSE, { silentOnce: true }),
    name: 'test',
    log: silent,
    async setup() {},
  });
  await until(() => connection.isConnected());
  await connection.close();
  await expect(connection.openChannel()).rejects.toThrow();
});

/** Returns a consumer and the message that it has got. */
async function consume(url: string): Promise<{ consumer: Consumer; delivery: Delivery }> {
  const queue = 'stock.reserve';
  let deliver = (_: Delivery) => {};
  const delivery = new Promise<Delivery>((resolve) => {
    deliver = resolve;
  });
  const consumer = await connectConsumer({
    url,
    name: 'test',
    log: silent,
    subscriptions: [{ queue, prefetch: 1, onDelivery: (delivered) => deliver(delivered) }],
  });
  const channel = await consumer.openChannel();
  channel.sendToQueue(queue, Buffer.from('{}'));
  return { consumer, delivery: await delivery };
}

test('a consumer ends although the broker does not answer the end of its deliveries', async () => {
  const { consumer } = await consume(await linkThatBreaksAt(BASIC_CANCEL, { silentOnce: true }));
  await consumer.cancel();
  await consumer.close();
});

test('a message can be acknowledged while its consumer closes: that does nothing', async () => {
  const { consumer, delivery } = await consume(await linkThatBreaksAt(Buffer.from('nothing breaks it')));
  const closed = consumer.close();
  expect(() => delivery.ack()).not.toThrow();
  await closed;
});

test('the close of a channel that the broker has closed ends at once', async () => {
  const connection = await openConnection(await linkThatBreaksAt(Buffer.from('nothing breaks it')));
  const channel = await connection.createChannel();
  channel.on('error', () => {});
  await expect(channel.checkQueue('there_is_none')).rejects.toThrow('NOT_FOUND');
  await close(channel);
  await close(connection);
});
