import { once } from 'node:events';
import { mkdtemp, readFile } from 'node:fs/promises';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { root } from '../../../shared/root';
import { participantNames } from '../../../shared/services';
import { freePorts } from '../../../tools/support/free-ports';
import { program } from './programs';
import { Running } from './prometheus';

/** How long Prometheus waits for an answer (pod-monitors.yaml). */
const SCRAPE_TIMEOUT_MS = 10_000;

/** A server that accepts connections and says nothing, like a frozen database or, to its clients, a lost node. */
const held: Socket[] = [];
const silent = createServer((socket) => held.push(socket));
let exporter: Running | undefined;
beforeAll(async () => {
  silent.listen(0, '127.0.0.1');
  await once(silent, 'listening');
});
afterAll(async () => {
  await exporter?.stop();
  for (const socket of held) {
    socket.destroy();
  }
  silent.close();
});

async function containerIn(service: string) {
  const file = join(root, 'k8s/services', service, 'monitoring/database-exporter.yaml');
  const [deployment] = parseAllDocuments(await readFile(file, 'utf8')).map((document) => document.toJS());
  return deployment.spec.template.spec.containers[0];
}

async function sourceIn(service: string): Promise<string> {
  const { env } = await containerIn(service);
  return env.find(({ name }: { name: string }) => name === 'DATA_SOURCE_URI').value;
}

test.each(participantNames)(
  'the exporter of %s is restarted when it waits for a server that was lost',
  async (service) => {
    const { livenessProbe } = await containerIn(service);
    expect(livenessProbe).toMatchObject({
      httpGet: { path: '/metrics' },
      timeoutSeconds: SCRAPE_TIMEOUT_MS / 1_000,
    });
  },
);

test('while a database does not answer, its exporter says so in time for Prometheus', async () => {
  const sources = await Promise.all(participantNames.map(sourceIn));
  const [parameters, ...others] = sources.map((source) => new URL(`postgresql://${source}`).search);
  expect(others).toEqual(others.map(() => parameters));
  const [port] = await freePorts(1);
  const folder = await mkdtemp(join(tmpdir(), 'chandlery-exporter-'));
  const address = `127.0.0.1:${(silent.address() as AddressInfo).port}`;
  exporter = Running.start(
    folder,
    await program('prometheus-postgres-exporter'),
    [`--web.listen-address=127.0.0.1:${port}`],
    { DATA_SOURCE_URI: `${address}/order${parameters}`, DATA_SOURCE_USER: 'exporter', DATA_SOURCE_PASS: 'x' },
  );
  await exporter.waitUntilReady(`http://127.0.0.1:${port}/`);
  const answer = await fetch(`http://127.0.0.1:${port}/metrics`, {
    signal: AbortSignal.timeout(SCRAPE_TIMEOUT_MS),
  });
  expect((await answer.text()).split('\n')).toContain('pg_up 0');
});
