import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { participantNames, services, variableOf } from '../../shared/services';
import { freePorts } from '../../tools/support/free-ports';
import { serviceFlags } from '../../tools/support/layout';
import type { AccountProcess } from './account';
import type { ShopProcesses } from './shop';

/** The gateway in front of a shop, as `npm start` runs it: one address for all services, like a cluster's. */
export interface Gateway {
  readonly port: number;
  readonly url: string;
  readonly process: ChildProcess;
  close(): Promise<void>;
}

/**
 * Resolves when requests reach every service.
 * @param options.at its port, if the shop had to know it before
 */
export async function openGateway(
  shop: ShopProcesses,
  {
    at,
    account,
    pagesUrl,
  }: { at?: number | undefined; account?: Pick<AccountProcess, 'issuer'>; pagesUrl?: string } = {},
): Promise<Gateway> {
  const port = at ?? ((await freePorts(1))[0] as number);
  const addresses = participantNames.flatMap((service) => {
    const replicas = shop.of(service);
    return [
      [variableOf(service, 'URLS'), replicas.map(({ url }) => url).join()],
      [variableOf(service, 'INTERNAL_URLS'), replicas.map(({ internalUrl }) => internalUrl).join()],
    ];
  });
  const child = spawn(process.execPath, [...serviceFlags, 'dist/tools/gateway/main.js'], {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: {
      PATH: process.env.PATH,
      GATEWAY_PORT: String(port),
      ...Object.fromEntries(addresses),
      ...(account && { ACCOUNT_URLS: new URL(account.issuer).origin }),
      ...(pagesUrl !== undefined && { PAGES_URL: pagesUrl }),
    },
  });
  const exited = once(child, 'exit');
  const url = `http://127.0.0.1:${port}`;
  for (const service of participantNames.filter((name) => shop.of(name).length > 0)) {
    // The service itself answers 404. Until it is reached, the gateway answers otherwise or not at all.
    while ((await fetch(`${url}/${services[service].path}/none`).catch(() => undefined))?.status !== 404) {
      if (child.exitCode !== null) {
        throw new Error(`the gateway ended with ${child.exitCode}`);
      }
      await sleep(25);
    }
  }
  return {
    port,
    url,
    process: child,
    async close() {
      child.kill('SIGTERM');
      await exited;
    },
  };
}
