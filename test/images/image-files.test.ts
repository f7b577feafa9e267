import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { pagesNames } from '../../shared/pages';
import { root } from '../../shared/root';
import { serviceNames } from '../../shared/services';
import { databaseVariables } from '../../tools/support/addresses';
import { freePorts } from '../../tools/support/free-ports';
import { createEmptyDatabase } from '../support/servers';
import { ShopProcesses } from '../support/shop';
import { until } from '../support/until';
import { ImageFiles } from './image-files';

const run = promisify(execFile);
const files = new ImageFiles();
afterAll(() => files.remove());
/** An unprivileged user, where we can switch to one: every write of theirs is refused. */
const unprivileged = process.getuid?.() === 0 ? { uid: 65_532, gid: 65_532 } : {};
const tool = (args: string[], env: Record<string, string>) =>
  run(files.node, ['--enable-source-maps', ...args], {
    ...unprivileged,
    cwd: files.of('tools'),
    env: { PATH: process.env.PATH, NODE_ENV: 'production', ...env },
  });

test('the services and the auditor work with the files in their images', async () => {
  const collector = await collectTraces();
  const shop = await ShopProcesses.open({
    spawn: (service) => ({ ...unprivileged, node: files.node, cwd: files.of(service) }),
    env: {
      all: { NODE_ENV: 'production', OTEL_EXPORTER_OTLP_ENDPOINT: collector.url },
      stock: { LOG_FORMAT: 'pretty' },
    },
  });
  try {
    const api = shop.client();
    const buyer = await api.user(100);
    const order = await api.order(buyer, { [await api.item(5, 10)]: 2 });
    expect(await api.checkout(order)).toMatchObject({ status: 200, body: { status: 'PAID' } });
    expect(await api.credit(buyer)).toBe(90);
    await shop.balances();
    const { stdout } = await tool(['dist/tools/audit/main.js', '--json'], addressesOf(shop));
    expect(JSON.parse(stdout).findings).toEqual([]);
    expect((await tool(['dist/tools/operate/sagas-command.js', 'list'], addressesOf(shop))).stdout).toContain(
      'No saga',
    );
  } finally {
    await shop.close();
    await collector.stop();
  }
  expect(collector.received).toBeGreaterThan(0);
});

test.each(serviceNames)('the tools bring an empty database of %s up to date', async (service) => {
  const env = { DATABASE_URL: await createEmptyDatabase(service) };
  const migrate = () => tool(['dist/tools/deploy/migrate.js', service], env);
  expect((await migrate()).stdout).toContain(`${service}: applied`);
  expect((await migrate()).stdout).toContain('up to date');
});

test.each(pagesNames)(
  'the image of the pages serves %s, and has nothing that pages are built from',
  async (name) => {
    const cwd = files.of('web');
    const [port, internalPort] = (await freePorts(2)) as [number, number];
    const env = {
      NODE_ENV: 'production',
      PAGES: name,
      PORT: String(port),
      INTERNAL_PORT: String(internalPort),
    };
    const server = spawn(files.node, ['dist/web/server/src/main.js'], { ...unprivileged, cwd, env });
    try {
      const page = `http://127.0.0.1:${port}/`;
      await until(
        async () =>
          (await fetch(`http://127.0.0.1:${internalPort}/readyz`).catch(() => undefined))?.ok === true,
      );
      const html = await (await fetch(page)).text();
      const [, script = ''] = /<script[^>]* src="([^"]+)"/.exec(html) ?? [];
      const answer = await fetch(new URL(script, page), { headers: { 'accept-encoding': 'br' } });
      expect([answer.status, answer.headers.get('content-encoding')]).toEqual([200, 'br']);
    } finally {
      server.kill();
      await once(server, 'close');
    }
    expect(readdirSync(join(cwd, 'web/dist')).sort()).toEqual([...pagesNames].sort());
    expect(readdirSync(join(cwd, 'web'))).toEqual(['dist']);
    const { devDependencies } = JSON.parse(readFileSync(join(root, 'web/package.json'), 'utf8'));
    const packages = readdirSync(join(cwd, 'node_modules'));
    expect(packages).toContain('sirv');
    expect(Object.keys(devDependencies).filter((each) => packages.includes(each))).toEqual([]);
  },
);

test.each([...serviceNames, 'web', 'tools'])(
  '%s has a bill of materials with every package in it',
  (image) => {
    const folder = files.of(image);
    const { bomFormat, components } = JSON.parse(readFileSync(join(folder, 'sbom.cdx.json'), 'utf8')) as {
      bomFormat: string;
      components: { group?: string; name: string; version: string; scope?: string }[];
    };
    expect(bomFormat).toBe('CycloneDX');
    const idOf = ({ name, version }: { name: string; version: string }) => `${name}@${version}`;
    const listed = components.map((each) => (each.group ? `${each.group}/` : '') + idOf(each));
    const manifests = readdirSync(join(folder, 'node_modules'), { recursive: true, encoding: 'utf8' }).filter(
      (path) => /(^|node_modules\/)(@[^/]+\/)?[^/]+\/package\.json$/.test(path),
    );
    const installed = manifests.map((path) =>
      idOf(JSON.parse(readFileSync(join(folder, 'node_modules', path), 'utf8'))),
    );
    expect(installed.length).toBeGreaterThan(80);
    expect(installed.filter((id) => !listed.includes(id))).toEqual([]);
    // Node.js, and the compiled half of a library in account alone.
    const others = listed.filter((id) => !installed.includes(id)).map((id) => id.replace(/@[^@]+$/, ''));
    const compiled = `@node-rs/argon2-linux-${process.arch}-gnu`;
    expect(others.sort()).toEqual(image === 'account' ? ['node'] : [compiled, 'node']);
  },
);

function addressesOf({ databases, amqp }: ShopProcesses) {
  return { ...databaseVariables(databases), AMQP_URL: amqp };
}

async function collectTraces() {
  const collector = { received: 0, url: '', stop: () => new Promise((done) => server.close(done)) };
  const server = createServer((request, response) => {
    collector.received++;
    request.resume().on('end', () => response.end());
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  collector.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return collector;
}
