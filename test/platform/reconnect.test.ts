import type { AddressInfo } from 'node:net';
import { createServer, type Server, type Socket, connect as tcp } from 'node:net';
import { closeConnections, createVhost } from '../support/servers';
import { ShopProcesses } from '../support/shop';

/** A link to the broker that can reset every connection soon after it was made. */
class Link {
  resetting = false;
  resets = 0;
  private readonly sockets = new Set<Socket>();
  private constructor(private readonly server: Server) {}

  static async to(broker: URL): Promise<Link> {
    const server = createServer();
    const link = new Link(server);
    server.on('connection', (client: Socket) => {
      const upstream = tcp(Number(broker.port), broker.hostname);
      for (const socket of [client, upstream]) {
        socket.on('error', () => {});
      }
      link.sockets.add(client);
      client.on('close', () => {
        link.sockets.delete(client);
        upstream.destroy();
      });
      upstream.on('close', () => client.destroy());
      client.pipe(upstream);
      let answers = 0;
      upstream.on('data', (data) => {
        if (link.resetting && ++answers > 6) {
          link.reset(client);
        } else {
          client.write(data);
        }
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return link;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  private reset(client: Socket): void {
    this.resets++;
    client.resetAndDestroy();
  }

  resetAll(): void {
    for (const client of this.sockets) {
      this.reset(client);
    }
  }

  close(): void {
    this.server.close();
    for (const client of this.sockets) {
      client.destroy();
    }
  }
}

test('reconnects, and handles every event, when the broker closes connections as fast as they are made', async () => {
  const shop = await ShopProcesses.open();
  const api = shop.client();
  const [user, item] = [await api.user(1_000), await api.item(1, 1_000)];
  for (let round = 0; round < 5; round++) {
    let cut = 0;
    for (let strike = 0; strike < 100; strike++) {
      cut += await closeConnections(shop.amqp);
    }
    expect(cut).toBeGreaterThan(0);
    expect((await api.checkout(await api.order(user, { [item]: 1 }))).status).toBe(200);
  }
  await shop.balances();
  await api.close();
  await shop.close();
}, 120_000);

test('keeps running, and then sells, when the broker is lost again and again during the connection setup', async () => {
  const amqp = await createVhost();
  const link = await Link.to(new URL(amqp));
  const through = new URL(amqp);
  through.port = String(link.port);
  const shop = await ShopProcesses.open({ amqp, env: { payment: { AMQP_URL: through.href } } });
  const api = shop.client();
  const payment = shop.one('payment');

  link.resetting = true;
  link.resetAll();
  const before = link.resets;
  while (link.resets < before + 6) {
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  expect(payment.process.exitCode).toBeNull();

  link.resetting = false;
  const [user, item] = [await api.user(10), await api.item(2, 5)];
  expect((await api.checkout(await api.order(user, { [item]: 1 }))).status).toBe(200);
  await shop.balances();
  await api.close();
  await shop.close();
  link.close();
});
