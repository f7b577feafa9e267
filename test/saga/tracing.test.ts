import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { openIssuer } from '../support/issuer';
import { ShopProcesses } from '../support/shop';

interface Span {
  traceId: string;
  spanId: string;
  parentSpanId?: string;
  name: string;
}

/** What a collector receives: OTLP in JSON. */
interface Export {
  resourceSpans: {
    resource: { attributes: { key: string; value: { stringValue?: string } }[] };
    scopeSpans: { spans: Span[] }[];
  }[];
}

const spans: (Span & { service: string })[] = [];
let collector: Server;
beforeAll(async () => {
  collector = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) {
      body += chunk;
    }
    for (const { resource, scopeSpans } of (JSON.parse(body) as Export).resourceSpans) {
      const service = resource.attributes.find(({ key }) => key === 'service.name')?.value.stringValue ?? '';
      for (const span of scopeSpans.flatMap((scope) => scope.spans)) {
        spans.push({ ...span, service });
      }
    }
    response.end('{}');
  });
  await new Promise<void>((resolve) => collector.listen(0, '127.0.0.1', resolve));
});
afterAll(() => collector.close());

test('with a collector configured, a checkout is one trace from its request through all steps', async () => {
  const { port } = collector.address() as AddressInfo;
  const shop = await ShopProcesses.open({
    env: { all: { OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}` } },
  });
  const api = shop.client();
  const [user, item] = [await api.user(10), await api.item(2, 5)];
  const order = await api.order(user, { [item]: 1 });
  const trace = 'c0ffeec0ffeec0ffeec0ffeec0ffeec0';

  expect((await api.checkout(order, { traceparent: `00-${trace}-1234567890abcdef-01` })).status).toBe(200);
  await shop.balances();
  await api.close();
  await shop.close();

  const ownSpans = spans.filter(({ traceId }) => traceId === trace);
  const named = (name: string) => ownSpans.find((span) => span.name === name);
  const chain = [
    'POST /orders/checkout/{order_id}',
    'stock.reserve process',
    'payment.charge process',
    'order.settle process',
  ];
  expect(ownSpans.map(({ service, name }) => `${service}: ${name}`).sort()).toEqual([
    'order: POST /orders/checkout/{order_id}',
    'order: order.settle process',
    'payment: payment.charge process',
    'stock: stock.reserve process',
    'stock: stock.settle process',
  ]);
  for (const [i, name] of chain.slice(1).entries()) {
    expect(named(name)?.parentSpanId).toBe(named(chain[i] as string)?.spanId);
  }
});

test('where people log in, only staff can have something recorded', async () => {
  const { port } = collector.address() as AddressInfo;
  const issuer = await openIssuer();
  const shop = await ShopProcesses.open({
    env: {
      all: {
        OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}`,
        // Nothing is recorded unless the caller says so.
        OTEL_TRACES_SAMPLER: 'parentbased_always_off',
        ACCESS: 'required',
        AUTH_ISSUER: issuer.url,
      },
    },
  });
  const { url } = shop.one('order');
  const traces = {
    none: 'a'.repeat(32),
    wrong: 'b'.repeat(32),
    buyer: 'c'.repeat(32),
    staff: 'd'.repeat(32),
  };
  const ask = (path: string, trace: string, authorization = {}) =>
    fetch(`${url}${path}`, { headers: { traceparent: `00-${trace}-1234567890abcdef-01`, ...authorization } });
  const order = `/orders/find/${crypto.randomUUID()}`;
  expect((await ask('/openapi.json', traces.none)).status).toBe(200);
  expect((await ask(order, traces.none)).status).toBe(401);
  expect((await ask(order, traces.wrong, { authorization: 'Bearer a.b.c' })).status).toBe(401);
  const bearing = (token: string) => ({ authorization: `Bearer ${token}` });
  const buyer = bearing(await issuer.token('buyer'));
  expect((await ask(order, traces.buyer, buyer)).status).toBe(404);
  const staff = bearing(await issuer.token('staff', { roles: ['operator'] }));
  expect((await ask(order, traces.staff, staff)).status).toBe(404);
  // It exports what is left.
  await shop.close();
  await issuer.close();
  const recorded = (trace: string) => spans.filter(({ traceId }) => traceId === trace).length;
  expect(Object.values(traces).map(recorded)).toEqual([0, 0, 0, 1]);
});
