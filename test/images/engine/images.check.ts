import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'yaml';
import { root } from '../../../shared/root';
import { serviceNames } from '../../../shared/services';
import { freePorts } from '../../../tools/support/free-ports';
import { type ApiAnswer, ApiClient } from '../../support/api-client';
import { provide } from './bases';
import { buildImage, compose, docker } from './commands';

const images = [...serviceNames, 'web', 'tools'];
const tag = `check-${process.pid}`;
const nameOf = (image: string) => `chandlery/${image}:${tag}`;
const base = process.env.CHANDLERY_NODE_IMAGE;
const say = (text: string) => process.stderr.write(`${text}\n`);
let context: string;

beforeAll(() => {
  // A copy, because work on the sources during the test must not change it.
  context = mkdtempSync(join(tmpdir(), 'chandlery-sources-'));
  const generated = new Set(
    ['.git', 'node_modules', 'dist', 'coverage', '.chandlery', 'web/node_modules', 'web/dist'].map((name) =>
      join(root, name),
    ),
  );
  cpSync(root, context, { recursive: true, filter: (path) => !generated.has(path) });
});
afterAll(() => {
  for (const image of images) {
    docker.succeeds('image', 'rm', nameOf(image));
  }
  rmSync(context, { recursive: true, force: true });
});

test('builds no image from sources that a check refuses', async () => {
  const invalid = join(context, 'test/refused.ts');
  writeFileSync(invalid, 'debugger;\n');
  await expect(buildImage('order', nameOf('order'), context, { base })).rejects.toThrow('npm run check');
  rmSync(invalid);
  expect(docker.succeeds('image', 'inspect', nameOf('order'))).toBe(false);
});

test('builds the images of services and tools from sources that pass; they share all layers but the last', async () => {
  const layers: string[][] = [];
  for (const image of images) {
    say(`Building ${nameOf(image)} (the first time with every test, which takes minutes) …`);
    await buildImage(image, nameOf(image), context, { base });
    const { RootFS, Size } = JSON.parse(docker('image', 'inspect', nameOf(image)))[0];
    say(`${nameOf(image)} has ${Math.round(Size / 1e6)} MB.`);
    layers.push(RootFS.Layers);
  }
  for (const ofImage of layers) {
    expect(ofImage.slice(0, -1)).toEqual(layers[0]?.slice(0, -1));
  }
  expect(new Set(layers.map((ofImage) => ofImage.at(-1))).size).toBe(images.length);
});

test.each(images)('%s has no shell, and its user is not root and cannot write anything', (image) => {
  expect(() => docker('run', '--rm', '--pull=never', '--entrypoint', '/bin/sh', nameOf(image))).toThrow(
    'no such file or directory',
  );
  const look = `
    const { readdirSync, writeFileSync } = require('node:fs');
    const refused = [];
    for (const folder of ['/', '/app', '/app/dist', '/etc', '/usr/local/bin', '/var'])
      try { writeFileSync(folder + '/x', '') } catch (error) { refused.push(error.code) }
    console.log(JSON.stringify({ user: process.getuid(), refused, programs: readdirSync('/usr/local/bin') }));`;
  const found = JSON.parse(docker('run', '--rm', '--pull=never', nameOf(image), '--eval', look));
  expect(found).toEqual({ user: 65_532, refused: Array(6).fill('EACCES'), programs: ['node'] });
});

test('account hashes passwords with what is in its image', () => {
  const hash = "require('@node-rs/argon2').hash('a password').then((text) => console.log(text.slice(0, 9)))";
  const found = docker('run', '--rm', '--pull=never', nameOf('account'), '--eval', hash);
  expect(found.trim()).toBe('$argon2id');
});

test('what compose.yaml describes completes a checkout for everybody, then only for who logs in; the auditor finds nothing', async () => {
  const { services } = parse(readFileSync(join(root, 'compose.yaml'), 'utf8'), {
    merge: true,
    maxAliasCount: -1,
  });
  const others = Object.entries<{ image: string }>(services).filter(
    ([, { image }]) => !image.startsWith('chandlery/'),
  );
  const missing = others.filter(([, { image }]) => !provide(image)).map(([name]) => name);
  if (missing.length > 0) {
    say(`Not started, because their images cannot be fetched: ${missing.join(', ')}.`);
  }
  const started = [
    'gateway',
    'admin',
    'auditor',
    ...others.map(([name]) => name).filter((name) => !missing.includes(name)),
  ];

  const ports = await freePorts(5);
  const variables = ['GATEWAY_PORT', 'RABBITMQ_PORT', 'PROMETHEUS_PORT', 'GRAFANA_PORT', 'ADMIN_PORT'];
  const env = {
    ...Object.fromEntries(variables.map((name, i) => [name, String(ports[i])])),
    CHANDLERY_TAG: tag,
  };
  const gateway = `http://127.0.0.1:${ports[0]}`;
  const files: string[] = [];
  const inProject = (...args: string[]) => compose(`chandlery-${tag}`, env, files, ...args);
  const operate = (...args: string[]) => inProject('run', '--rm', '-T', 'operate', ...args);
  try {
    inProject('up', '--detach', '--no-build', ...started);
    await waitForAnswer(gateway);
    const everybody = new ApiClient(() => [gateway]);
    const buyer = await everybody.user(100);
    expect(await buyTwo(everybody, buyer)).toMatchObject({ status: 200, body: { status: 'PAID' } });
    expect(await everybody.credit(buyer)).toBe(90);
    expect(await titleOf(gateway)).toContain('Chandlery');
    const staff = `http://127.0.0.1:${ports[4]}`;
    await waitForAnswer(staff);
    expect(await titleOf(staff)).not.toBe(await titleOf(gateway));
    expect((await new ApiClient(() => [staff]).get('/catalog/products')).status).toBe(200);
    expect(operate('--eval', SPEAK_WITHOUT_TLS).trim()).toBe('28000 ECONNREFUSED');

    files.push('compose/access.yaml');
    inProject('up', '--detach', '--no-build', ...started);
    await waitForAnswer(gateway);
    expect((await everybody.post(`/payment/add_funds/${buyer}/1`)).status).toBe(401);
    const authorization = await firstOperator(gateway, operate);
    const operator = new ApiClient(() => [gateway], { authorization });
    expect(await buyTwo(operator, await operator.user(100))).toMatchObject({
      status: 200,
      body: { status: 'PAID' },
    });

    const audit = operate('dist/tools/audit/main.js', '--live', '--json');
    expect(JSON.parse(audit.slice(audit.indexOf('{'))).findings).toEqual([]);
    if (started.includes('prometheus')) {
      expect(await notScraped(`http://127.0.0.1:${ports[2]}`)).toEqual([]);
    }
  } catch (error) {
    say(inProject('ps'));
    say(inProject('logs', '--tail=20'));
    throw error;
  } finally {
    inProject('down', '--volumes');
  }
});

async function buyTwo(api: ApiClient, buyer: string): Promise<ApiAnswer> {
  return api.checkout(await api.order(buyer, { [await api.item(5, 10)]: 2 }));
}

async function titleOf(url: string): Promise<string | undefined> {
  return /<title>(.*)<\/title>/.exec(await (await fetch(url)).text())?.[1];
}

/** Prints how PostgreSQL refuses it, and how RabbitMQ does. */
const SPEAK_WITHOUT_TLS = `
  const { Client } = require('pg');
  const { connect } = require('node:net');
  const [bare] = process.env.ORDER_DATABASE_URL.split('?');
  new Client({ connectionString: bare }).connect().then(() => 'accepted', ({ code }) => code).then((database) => {
    const socket = connect(5672, 'rabbitmq', () => console.log(database, 'accepted'));
    socket.once('error', ({ code }) => console.log(database, code));
  });`;

/** Makes an operator who is a shopkeeper, too, as docs/configuration.md says. Returns their Authorization. */
async function firstOperator(gateway: string, operate: (...args: string[]) => string): Promise<string> {
  const json = { 'content-type': 'application/json' };
  const body = JSON.stringify({ email: 'first@example.com', password: 'a long password' });
  const send = async (path: string, init: RequestInit) => {
    const answer = await fetch(`${gateway}/account${path}`, init);
    return { status: answer.status, body: (await answer.json()) as Record<string, string> };
  };
  const post = (path: string) => send(path, { method: 'POST', headers: json, body });
  expect((await post('/register')).status).toBe(200);
  const { session } = (await post('/login')).body;
  const me = await send('/me', { headers: { authorization: `Bearer ${session}` } });
  const userId = me.body.user_id as string;
  const roles = ['shopkeeper', 'operator'];
  operate(ACCOUNTS, 'set-roles', userId, ...roles, '--reason', 'the first one', '--actor', 'a test');
  return `Bearer ${(await post('/login')).body.access_token}`;
}
const ACCOUNTS = 'dist/tools/operate/accounts-command.js';

/** Returns the targets that Prometheus still cannot read after a few rounds. */
async function notScraped(url: string): Promise<string[]> {
  await waitForAnswer(`${url}/-/ready`);
  for (const end = Date.now() + 90_000; ; await new Promise((next) => setTimeout(next, 1_000))) {
    const answer = await fetch(`${url}/api/v1/targets?state=active`);
    const { data } = (await answer.json()) as { data: { activeTargets: Target[] } };
    const rest = data.activeTargets.filter(({ health }) => health !== 'up');
    if (data.activeTargets.length > 0 && (rest.length === 0 || Date.now() > end)) {
      return rest.map(({ labels, lastError }) => `${labels.job}: ${lastError}`);
    }
  }
}
interface Target {
  labels: { job: string };
  health: string;
  lastError: string;
}

async function waitForAnswer(url: string): Promise<void> {
  for (const end = Date.now() + 60_000; ; await new Promise((next) => setTimeout(next, 200))) {
    // The engine listens before the gateway does, and a request that comes too early may never end.
    const answer = await fetch(url, { signal: AbortSignal.timeout(2_000) }).catch(() => undefined);
    if (answer?.ok) {
      return;
    }
    if (Date.now() > end) {
      throw new Error(`${url} does not answer.`);
    }
  }
}
