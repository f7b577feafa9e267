import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { PagesName } from '../../shared/pages';
import { participantNames } from '../../shared/services';
import { freePorts } from '../../tools/support/free-ports';
import { type AccountProcess, accountsCommand, logIn, newPerson, openAccount, type Person } from './account';
import { type Gateway, openGateway } from './gateway';
import { ShopProcesses } from './shop';

/** A whole shop with its pages, as in production: people log in, and tokens say who may do what. */
export interface WebShop {
  /** Where buyers go. */
  readonly url: string;
  /** Where the shop's staff goes. */
  readonly adminUrl: string;
  readonly shop: ShopProcesses;
  /** Somebody who may do everything. */
  readonly keeper: Person;
  /** Puts units of a product into the shop, and resolves with its id when buyers see it. */
  stock(product: {
    name: string;
    price: number;
    quantity: number;
    [field: string]: unknown;
  }): Promise<string>;
  /** Somebody who has an account, and credit if it is more than 0. */
  buyer(credit: number): Promise<Person>;
  /** Sends a request as the keeper, which must be answered 200 or 202. */
  // biome-ignore lint/suspicious/noExplicitAny: each test knows what it asked for
  ask(method: string, path: string, body?: unknown): Promise<any>;
  close(): Promise<void>;
}

export async function openWebShop(): Promise<WebShop> {
  const account = await openAccount();
  const shop = await ShopProcesses.open({
    services: participantNames,
    env: { all: { ACCESS: 'required', AUTH_ISSUER: account.issuer } },
  });
  const storefront = await openPages('storefront');
  const gateway: Gateway = await openGateway(shop, { account, pagesUrl: storefront.url });
  const admin = await openPages('admin', { API_URL: gateway.url });
  const keeper = await newKeeper(account);

  const ask: WebShop['ask'] = async (method, path, body) => {
    const answer = await fetch(gateway.url + path, {
      method,
      headers: { ...keeper.asBearer, ...(body !== undefined && { 'Content-Type': 'application/json' }) },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const content = await answer.json();
    if (!answer.ok) {
      throw new Error(`${method} ${path} was answered ${answer.status} ${JSON.stringify(content)}`);
    }
    return content;
  };
  return {
    url: gateway.url,
    adminUrl: admin.url,
    shop,
    keeper,
    ask,
    async stock(product) {
      const { item_id } = await ask('POST', '/catalog/products', product);
      while ((await fetch(`${gateway.url}/catalog/products/${item_id}`)).status !== 200) {
        await sleep(50);
      }
      return item_id;
    },
    async buyer(credit) {
      const person = await newPerson(account);
      await ask('POST', `/payment/create_user?user_id=${person.userId}`);
      if (credit > 0) {
        await ask('POST', `/payment/add_funds/${person.userId}/${credit}`);
      }
      return person;
    },
    async close() {
      await Promise.all([storefront.close(), admin.close(), gateway.close()]);
      await Promise.all([shop.close(), account.close()]);
    },
  };
}

async function newKeeper(account: AccountProcess): Promise<Person> {
  const person = await newPerson(account);
  const why = ['--actor', 'somebody', '--reason', 'a test'];
  await accountsCommand(account, 'set-roles', person.userId, 'shopkeeper', 'operator', ...why);
  return logIn(account, person);
}

interface Pages {
  readonly url: string;
  readonly internalUrl: string;
  readonly process: ChildProcess;
  close(): Promise<void>;
}

/** The server of some pages, in a process of its own. */
export async function openPages(name: PagesName, settings: Record<string, string> = {}): Promise<Pages> {
  const [port, internal] = await freePorts(2);
  const child = spawn(process.execPath, ['--enable-source-maps', 'dist/web/server/src/main.js'], {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: {
      PATH: process.env.PATH,
      PAGES: name,
      HOST: '127.0.0.1',
      PORT: String(port),
      INTERNAL_PORT: String(internal),
      LOG_FORMAT: 'json',
      ...settings,
    },
  });
  const exited = once(child, 'exit');
  const internalUrl = `http://127.0.0.1:${internal}`;
  while ((await fetch(`${internalUrl}/readyz`).catch(() => undefined))?.status !== 200) {
    if (child.exitCode !== null) {
      throw new Error(`the pages of ${name} ended with ${child.exitCode}`);
    }
    await sleep(25);
  }
  return {
    url: `http://127.0.0.1:${port}`,
    internalUrl,
    process: child,
    async close() {
      child.kill('SIGTERM');
      await exited;
    },
  };
}
