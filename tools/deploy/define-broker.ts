// Creates in RabbitMQ, through its management API, everything that the services need and the users that may use it.
// Safe to run again: what exists stays, and users get the passwords and permissions that they should have.
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { credentialsOf } from '../../shared/credentials';
import { reasonOf } from '../../shared/errors';
import { address, brokerAddress, count, readConfig } from '../../shared/service/config';
import { brokerUsers, definitions } from './broker-definitions';

const variableOf = (user: string) => `${user.toUpperCase()}_AMQP_URL`;

const settings = z.object({
  RABBIT_API_URL: address(/^https?$/, 'http://rabbitmq:15672'),
  RABBIT_ADMIN_USER: z.string().min(1),
  RABBIT_ADMIN_PASSWORD: z.string().min(1),
  /** How many nodes to wait for, because quorum queues are spread over the nodes that run when they are created. */
  RABBIT_NODES: count(1, 1, 99),
  /** How long to wait for a broker that is still starting. */
  WAIT_MS: count(300_000),
});
const userSettings = z.object(
  Object.fromEntries(brokerUsers.map((user) => [variableOf(user), brokerAddress])),
);

type Api = (method: string, path: string, body?: unknown) => Promise<unknown>;

async function main(): Promise<void> {
  const config = readConfig(settings);
  const { vhost, passwords } = readUsers(readConfig(userSettings));
  const api = managementApi(config);
  await waitUntilRunning(api, config.RABBIT_NODES, Date.now() + config.WAIT_MS);
  const document = definitions(vhost, passwords);
  await api('POST', '/definitions', document);
  if (config.RABBIT_ADMIN_USER !== 'guest') {
    await removeGuest(api);
  }
  const { exchanges, queues, users } = document;
  console.log(
    `${exchanges.length} exchanges, ${queues.length} queues and ${users.length} users are up to date.`,
  );
}

/** Reads the users from the addresses, so that each password is stored in one place only. */
function readUsers(addresses: Record<string, string>): { vhost: string; passwords: Map<string, string> } {
  const urls = brokerUsers.map((user) => [user, addresses[variableOf(user)] as string] as const);
  const vhosts = new Set(urls.map(([, url]) => decodeURIComponent(new URL(url).pathname.slice(1)) || '/'));
  if (vhosts.size > 1) {
    throw new Error(
      `The addresses name several virtual hosts (${[...vhosts].join(', ')}). Use the same one in all addresses.`,
    );
  }
  const passwords = urls.map(([user, url]) => {
    const { username, password } = credentialsOf(url);
    if (username !== user || password === '') {
      throw new Error(`${variableOf(user)} must be the address of the user "${user}", with a password.`);
    }
    return [user, password] as const;
  });
  return { vhost: [...vhosts][0] ?? '/', passwords: new Map(passwords) };
}

function managementApi(config: z.infer<typeof settings>): Api {
  const login = Buffer.from(`${config.RABBIT_ADMIN_USER}:${config.RABBIT_ADMIN_PASSWORD}`).toString('base64');
  const base = config.RABBIT_API_URL.replace(/\/$/, '');
  return async (method, path, body) => {
    const answer = await fetch(`${base}/api${path}`, {
      method,
      headers: { authorization: `Basic ${login}`, 'content-type': 'application/json' },
      signal: AbortSignal.timeout(30_000),
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    if (!answer.ok) {
      throw new Refused(answer.status, `${method} ${path} was answered ${answer.status}: ${text}`);
    }
    return text === '' ? undefined : JSON.parse(text);
  };
}

class Refused extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

/** @throws when the login is refused, because waiting would not help, or when the time is up */
async function waitUntilRunning(api: Api, nodes: number, end: number): Promise<void> {
  for (;;) {
    const reason = await api('GET', '/nodes?columns=name,running').then(
      (found) => {
        const running = (found as { running: boolean }[]).filter((node) => node.running).length;
        return running < nodes ? `${running} of ${nodes} nodes running` : undefined;
      },
      (error: Error) => {
        if (error instanceof Refused && [401, 403].includes(error.status)) {
          throw error;
        }
        return reasonOf(error.cause ?? error);
      },
    );
    if (reason === undefined) {
      return;
    }
    if (Date.now() > end) {
      throw new Error(`RabbitMQ is not ready: ${reason}. Look at its log, then run this again.`);
    }
    console.log(`Waiting for RabbitMQ: ${reason}.`);
    await sleep(2_000);
  }
}

/** Removes the default user `guest`, whose password is well known. */
async function removeGuest(api: Api): Promise<void> {
  await api('DELETE', '/users/guest').catch((error) => {
    if (!(error instanceof Refused && error.status === 404)) {
      throw error;
    }
  });
}

main().catch((error: Error) => {
  console.error(error.message);
  process.exitCode = 1;
});
