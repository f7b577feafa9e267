import { randomBytes } from 'node:crypto';
import { Client } from 'pg';
import { credentialsOf } from '../../shared/credentials';
import { type ParticipantName, perParticipantAsync, type ServiceName } from '../../shared/services';

/** The addresses of the databases and virtual hosts that a test file has made. */
interface Made {
  databases: string[];
  vhosts: string[];
}

declare global {
  var madeByTests: Made | undefined;
}

/** Creates a database with a service's empty tables, and returns its address. The end of the test file drops it. */
export function createDatabase(service: ServiceName): Promise<string> {
  return createFrom(service, service);
}

/** Creates a database for each participant of a saga. */
export function createDatabases(): Promise<Record<ParticipantName, string>> {
  return perParticipantAsync(createDatabase);
}

/** Like createDatabase, but without tables. */
export function createEmptyDatabase(owner: ServiceName): Promise<string> {
  return createFrom('template1', owner);
}

/** Copies a database that nobody is connected to, and returns the address of the copy. */
export function backUpDatabase(url: string): Promise<string> {
  const { username, pathname } = new URL(url);
  return createFrom(pathname.slice(1), username as ServiceName);
}

/** Returns a database to a copy of it. */
export async function restoreDatabase(url: string, backup: string): Promise<void> {
  const { username, pathname } = new URL(url);
  const [name, copy] = [pathname.slice(1), new URL(backup).pathname.slice(1)];
  await withAdmin(async (admin) => {
    await admin.query(`DROP DATABASE "${name}" WITH (FORCE)`);
    await admin.query(`CREATE DATABASE "${name}" TEMPLATE "${copy}" OWNER "${username}"`);
  });
}

async function createFrom(template: string, owner: ServiceName): Promise<string> {
  const name = `${owner}_${randomBytes(6).toString('hex')}`;
  await withAdmin((admin) =>
    admin.query(`CREATE DATABASE "${name}" TEMPLATE "${template}" OWNER "${owner}"`),
  );
  const url = new URL(process.env.TEST_POSTGRES_URL ?? '');
  url.username = owner;
  url.pathname = name;
  made().databases.push(url.href);
  return url.href;
}

/**
 * Creates an empty virtual host and a user of the same name, and returns their address. Both are deleted at the end of
 * the test file.
 */
export async function createVhost(): Promise<string> {
  const name = `test-${randomBytes(6).toString('hex')}`;
  await rabbitApi('PUT', `/vhosts/${name}`);
  await rabbitApi('PUT', `/users/${name}`, { password: name, tags: '' });
  await rabbitApi('PUT', `/permissions/${name}/${name}`, { configure: '.*', write: '.*', read: '.*' });
  const url = new URL(process.env.TEST_AMQP_URL ?? '');
  url.username = name;
  url.password = name;
  url.pathname = name;
  made().vhosts.push(url.href);
  return url.href;
}

/** Cuts every connection to a virtual host, as the broker's administrator can, and returns how many there were. */
export async function closeConnections(amqpUrl: string): Promise<number> {
  // Listed by user, because the list by virtual host is made from statistics, which are off.
  const connections = `/connections/username/${new URL(amqpUrl).username}`;
  const open = (await rabbitApi('GET', connections)) as unknown[];
  await rabbitApi('DELETE', connections);
  return open.length;
}

/** Ends every session in a database, those of PostgreSQL itself as well, as only its administrator can. */
export async function terminateSessions(url: string): Promise<void> {
  const sessions = 'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1';
  await withAdmin((admin) => admin.query(sessions, [new URL(url).pathname.slice(1)]));
}

export async function dropAll(created: Made | undefined): Promise<void> {
  for (const { username: name } of (created?.vhosts ?? []).map((url) => new URL(url))) {
    await rabbitApi('DELETE', `/vhosts/${name}`);
    await rabbitApi('DELETE', `/users/${name}`);
  }
  for (const url of created?.databases ?? []) {
    const name = new URL(url).pathname.slice(1);
    await withAdmin((admin) => admin.query(`DROP DATABASE "${name}" WITH (FORCE)`));
  }
}

/**
 * Calls RabbitMQ's management API, below /api. Whatever is to delete may be gone already. RabbitMQ answers 500 when it
 * disappears at that very moment, so a DELETE is repeated.
 */
export async function rabbitApi(method: string, path: string, body?: object, tries = 5): Promise<unknown> {
  const { username, password } = credentialsOf(process.env.TEST_AMQP_URL ?? '');
  const answer = await fetch(`${process.env.TEST_RABBIT_API}${path}`, {
    method,
    headers: {
      authorization: `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`,
      'content-type': 'application/json',
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await answer.text();
  const deleting = method === 'DELETE';
  if (deleting && answer.status >= 500 && tries > 1) {
    return rabbitApi(method, path, body, tries - 1);
  }
  if (!answer.ok && !(deleting && answer.status === 404)) {
    throw new Error(`RabbitMQ answered ${answer.status} to ${method} ${path}: ${text}`);
  }
  return text === '' || !answer.ok ? undefined : JSON.parse(text);
}

async function withAdmin<T>(work: (admin: Client) => Promise<T>): Promise<T> {
  const admin = new Client({ connectionString: process.env.TEST_POSTGRES_URL });
  await admin.connect();
  try {
    return await work(admin);
  } finally {
    await admin.end();
  }
}

function made(): Made {
  globalThis.madeByTests ??= { databases: [], vhosts: [] };
  return globalThis.madeByTests;
}
