import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { pagesNames } from '../../../shared/pages';
import { root } from '../../../shared/root';
import { serviceNames } from '../../../shared/services';
import { isTaken } from '../../../tools/support/free-ports';
import { portsFrom } from '../../../tools/support/layout';

/** The shop that `npm start` starts, in a process of its own. */
export interface ShopRun {
  readonly process: ChildProcess;
  readonly ended: Promise<number | null>;
  printed(): string;
  /** Resolves when a text has been printed. Rejects when the run ends before. */
  says(text: string): Promise<void>;
}

export interface ShopRunOptions {
  /** Where data, logs and records are kept. */
  readonly home: string;
  readonly port: number;
  /** The checkout to run from; this one by default. */
  readonly checkout?: string;
}

export function startShopRun({ home, port, checkout = root }: ShopRunOptions, ...args: string[]): ShopRun {
  const program = ['dist/tools/local/start.js', '--port', String(port), ...args];
  const child = spawn(process.execPath, program, {
    cwd: checkout,
    env: { ...process.env, CHANDLERY_HOME: home },
  });
  let printed = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (text) => (printed += text));
  }
  return {
    process: child,
    ended: once(child, 'exit').then(([code]) => code as number | null),
    printed: () => printed,
    async says(text) {
      while (!printed.includes(text)) {
        if (child.exitCode !== null) {
          throw new Error(`it ended:\n${printed}`);
        }
        await sleep(50);
      }
    },
  };
}

/**
 * Returns a free port for a gateway, with all ports that follow from it free too. The system hands out only higher
 * ones.
 */
export async function freeGatewayPort(from: number): Promise<number> {
  for (let gateway = from; ; gateway += 200) {
    const { postgres, rabbit, service, internal, pages, internalOfPages } = portsFrom(gateway);
    const ofServices = serviceNames.flatMap((name) => [service(name, 0), internal(name, 0)]);
    const ofPages = pagesNames.flatMap((name) => [pages(name), internalOfPages(name)]);
    const taken = await Promise.all(
      [gateway, postgres, ...Object.values(rabbit), ...ofServices, ...ofPages].map((port) => isTaken(port)),
    );
    if (!taken.includes(true)) {
      return gateway;
    }
  }
}
