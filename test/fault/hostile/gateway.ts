import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePorts } from '../../../tools/support/free-ports';
import type { ShopProcesses } from '../../support/shop';

/** The gateway in front of a shop, as `npm start` runs it. It parses requests before the services do. */
export interface Gateway {
  readonly port: number;
  readonly process: ChildProcess;
  close(): Promise<void>;
}

export async function openGateway(shop: ShopProcesses): Promise<Gateway> {
  const [port] = (await freePorts(1)) as [number];
  const addresses = shop.replicas.flatMap(({ service, url, internalUrl }) => {
    const name = service.toUpperCase();
    return [
      [`${name}_URLS`, url],
      [`${name}_INTERNAL_URLS`, internalUrl],
    ];
  });
  const child = spawn(process.execPath, ['--enable-source-maps', 'dist/tools/gateway/main.js'], {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { PATH: process.env.PATH, GATEWAY_PORT: String(port), ...Object.fromEntries(addresses) },
  });
  while ((await fetch(`http://127.0.0.1:${port}/`).catch(() => undefined))?.status !== 200) {
    if (child.exitCode !== null) {
      throw new Error(`the gateway ended with ${child.exitCode}`);
    }
    await sleep(25);
  }
  return {
    port,
    process: child,
    async close() {
      const exited = once(child, 'exit');
      child.kill('SIGTERM');
      await exited;
    },
  };
}
