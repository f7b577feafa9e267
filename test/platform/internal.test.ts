import { createInternalServer, type InternalServer } from '../../shared/http/internal';
import { silent } from '../support/edge';

let server: InternalServer;
let url: string;
let database: () => Promise<unknown>;

beforeEach(async () => {
  database = async () => undefined;
  server = createInternalServer({ checks: { database: () => database() }, log: silent });
  const port = await server.start({ host: '127.0.0.1', port: 0, variable: 'INTERNAL_PORT' });
  url = `http://127.0.0.1:${port}`;
});

afterEach(() => server.stop());

async function statusOf(page: string): Promise<number> {
  return (await fetch(url + page)).status;
}

test('a service that starts is alive, and neither started nor ready', async () => {
  expect(await Promise.all(['/livez', '/startupz', '/readyz'].map(statusOf))).toEqual([200, 503, 503]);
});

test('a service that has started is ready while its checks pass', async () => {
  server.markStarted();
  expect(await Promise.all(['/livez', '/startupz', '/readyz'].map(statusOf))).toEqual([200, 200, 200]);
});

test('a service whose database is away is alive and unready, and says why', async () => {
  server.markStarted();
  database = async () => {
    throw new Error('connection refused');
  };
  expect(await statusOf('/livez')).toBe(200);
  const answer = await fetch(`${url}/readyz`);
  expect(answer.status).toBe(503);
  expect(await answer.json()).toMatchObject({ failed: { database: 'connection refused' } });
});

test('a check that hangs counts as failed', async () => {
  server.markStarted();
  database = () => new Promise(() => undefined);
  expect(await statusOf('/readyz')).toBe(503);
});

test('a service that is about to stop is unready, whatever its checks say', async () => {
  server.markStarted();
  server.markDraining();
  expect(await Promise.all(['/livez', '/startupz', '/readyz'].map(statusOf))).toEqual([200, 200, 503]);
});

test('metrics are there to be scraped', async () => {
  const answer = await fetch(`${url}/metrics`);
  expect(answer.headers.get('content-type')).toContain('text/plain');
  expect(await answer.text()).toContain('process_cpu_seconds_total');
});

test.each(['/', '/nothing', '/__proto__', '/constructor'])('%s is not found', async (page) => {
  expect(await statusOf(page)).toBe(404);
});
