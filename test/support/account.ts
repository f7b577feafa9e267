import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdtemp, open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { freePorts } from '../../tools/support/free-ports';
import { createDatabase } from './servers';

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: each test knows what it asked for
  readonly body: any;
}

/** The service for accounts, in a process of its own. Requests seem to come from the addresses that they name. */
export interface AccountProcess {
  /** What tokens name as their issuer. */
  readonly issuer: string;
  readonly databaseUrl: string;
  /** @param path below /account */
  get(path: string, headers?: Record<string, string>): Promise<Answer>;
  post(path: string, body?: unknown, headers?: Record<string, string>): Promise<Answer>;
  request(
    method: string,
    path: string,
    init?: { body?: unknown; headers?: Record<string, string> },
  ): Promise<Answer>;
  /** What it has logged. */
  log(): string;
  close(): Promise<void>;
}

export async function openAccount(settings: Record<string, string> = {}): Promise<AccountProcess> {
  const [databaseUrl, [port, internal], folder] = await Promise.all([
    settings.DATABASE_URL ?? createDatabase('account'),
    freePorts(2),
    mkdtemp(join(tmpdir(), 'chandlery-account-')),
  ]);
  const issuer = `http://127.0.0.1:${port}/account`;
  const logFile = join(folder, 'account.log');
  const log = await open(logFile, 'a');
  const child = spawn(process.execPath, ['--enable-source-maps', 'dist/account/src/main.js'], {
    stdio: ['ignore', log.fd, log.fd],
    env: {
      PATH: process.env.PATH,
      HOST: '127.0.0.1',
      PORT: String(port),
      INTERNAL_PORT: String(internal),
      DATABASE_URL: databaseUrl,
      AUTH_ISSUER: issuer,
      AUTH_SECRET: 'a secret that only this test knows',
      FORWARDED_HOPS: '1',
      LOGINS_PER_SECOND: '1000',
      LOG_FORMAT: 'json',
      LOG_LEVEL: 'debug',
      ...settings,
    },
  });
  await log.close();
  const logged = () => readFileSync(logFile, 'utf8');
  await untilReady(child, `http://127.0.0.1:${internal}/readyz`, logged);

  const request: AccountProcess['request'] = async (method, path, { body, headers = {} } = {}) => {
    const answer = await fetch(`${issuer}${path}`, {
      method,
      headers: { ...(body !== undefined && { 'content-type': 'application/json' }), ...headers },
      ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const text = await answer.text();
    return {
      status: answer.status,
      headers: answer.headers,
      body: text === '' ? undefined : JSON.parse(text),
    };
  };
  return {
    issuer,
    databaseUrl,
    request,
    get: (path, headers = {}) => request('GET', path, { headers }),
    post: (path, body, headers = {}) => request('POST', path, { body, headers }),
    log: logged,
    async close() {
      const exited = once(child, 'exit');
      child.kill('SIGTERM');
      await exited;
    },
  };
}

/** Runs the command `npm run accounts` about these accounts. */
export function accountsCommand({ databaseUrl }: AccountProcess, ...args: string[]) {
  return promisify(execFile)(process.execPath, ['dist/tools/operate/accounts-command.js', ...args], {
    env: { ...process.env, ACCOUNT_DATABASE_URL: databaseUrl },
  });
}

/** Makes an operator, as whoever runs a shop makes the first one. */
export async function makeOperator(account: AccountProcess, userId: string): Promise<void> {
  const why = ['--actor', 'somebody', '--reason', 'the first one'];
  await accountsCommand(account, 'set-roles', userId, 'operator', ...why);
}

async function untilReady(child: ChildProcess, url: string, logged: () => string): Promise<void> {
  while ((await fetch(url).catch(() => undefined))?.status !== 200) {
    if (child.exitCode !== null) {
      throw new Error(`account ended with ${child.exitCode}:\n${logged()}`);
    }
    await sleep(25);
  }
}

let people = 0;

export interface Person {
  readonly email: string;
  readonly password: string;
  /** Where this person is: each is somewhere else, and the address of everybody else has limits. */
  readonly address: string;
  readonly userId: string;
  /** The session, as a program sends it. */
  readonly session: string;
  /** The session, as a browser sends it. */
  readonly cookie: string;
  readonly token: string;
  /** What this person sends to account. */
  readonly asSession: { authorization: string };
  /** What this person sends to other services. */
  readonly asBearer: { authorization: string };
}

/** Registers somebody, and logs them in. */
export async function newPerson(account: AccountProcess): Promise<Person> {
  const email = `person-${++people}@example.com`;
  const password = `the password of ${email}`;
  const address = `10.0.${people >> 8}.${people & 255}`;
  const registered = await account.post('/register', { email, password }, { 'x-forwarded-for': address });
  expect(registered.status).toBe(200);
  return logIn(account, { email, password, address });
}

export async function logIn(
  account: AccountProcess,
  { email, password, address }: Pick<Person, 'email' | 'password' | 'address'>,
): Promise<Person> {
  const from = { 'x-forwarded-for': address };
  const { status, headers, body } = await account.post('/login', { email, password }, from);
  expect(status).toBe(200);
  const { session, access_token: token } = body;
  const asSession = { authorization: `Bearer ${session}` };
  const me = await account.get('/me', asSession);
  return {
    email,
    password,
    address,
    userId: me.body.user_id,
    session,
    cookie: headers.get('set-cookie')?.split(';')[0] ?? '',
    token,
    asSession,
    asBearer: { authorization: `Bearer ${token}` },
  };
}
