import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePorts } from '../../tools/support/free-ports';
import { ShopProcesses } from '../support/shop';

export interface ShopFront {
  url: string;
  close(): Promise<void>;
}

/** Opens a real shop behind the local gateway, which is one address for all three services, like a cluster's. */
export async function openShopFront(): Promise<ShopFront> {
  const shop = await ShopProcesses.open();
  const [port] = await freePorts(1);
  const env: NodeJS.ProcessEnv = { PATH: process.env.PATH, GATEWAY_PORT: String(port), LOG_LEVEL: 'warn' };
  for (const { service, url, internalUrl } of shop.replicas) {
    env[`${service.toUpperCase()}_URLS`] = url;
    env[`${service.toUpperCase()}_INTERNAL_URLS`] = internalUrl;
  }
  const gateway = spawn(process.execPath, ['dist/tools/gateway/main.js'], { stdio: 'inherit', env });
  const url = `http://127.0.0.1:${port}`;
  const answers = () =>
    fetch(`${url}/orders/find/nobody`).then(
      ({ status }) => status === 404,
      () => false,
    );
  while (!(await answers()) && gateway.exitCode === null) {
    await sleep(25);
  }
  return {
    url,
    async close() {
      const gone = once(gateway, 'exit');
      if (gateway.exitCode === null && gateway.kill()) {
        await gone;
      }
      await shop.close();
    },
  };
}
