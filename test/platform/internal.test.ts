import { createInternalServer, type InternalServer } from '../../shared/http/internal-server';
import { silent } from '../support/silent';

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

test('is alive, and neither started nor ready, while the service starts', async () => {
  expect(await Promise.all(['/livez', '/startupz', '/readyz'].map(statusOf))).toEqual([200, 503, 503]);
});

test('is ready while the checks pass, once the service has started', async () => {
  server.markStarted();
  expect(await Promise.all(['/livez', '/startupz', '/readyz'].map(statusOf))).toEqual([200, 200, 200]);
});

test('is alive and unready while the database is away, and says why', async () => {
  server.markStarted();
  database = async () => {
    throw new Error('connection refused');
  };
  expect(await statusOf('/livez')).toBe(200);
  const answer = await fetch(`${url}/readyz`);
  expect(answer.status).toBe(503);
  expect(await answer.json()).toMatchObject({ failed: { database: 'connection refused' } });
});

test('counts a check that hangs as failed', async () => {
  server.markStarted();
  database = () => new Promise(() => undefined);
  expect(await statusOf('/readyz')).toBe(503);
});

test('is unready before the service stops, whatever the checks say', async () => {
  server.markStarted();
  server.markDraining();
  expect(await Promise.all(['/livez', '/startupz', '/readyz'].map(statusOf))).toEqual([200, 200, 503]);
});

test('serves metrics', async () => {
  const answer = await fetch(`${url}/metrics`);
  expect(answer.headers.get('content-type')).toContain('text/plain');
  expect(await answer.text()).toContain('process_cpu_seconds_total');
});

test.each(['/', '/nothing', '/__proto__', '/constructor'])('answers 404 to %s', async (page) => {
  expect(await statusOf(page)).toBe(404);
});
