import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '../observe/log';
import { registry } from '../observe/metrics';
import '../observe/process-metrics';
import { type Address, listen } from './listen';

/** Resolves when the thing it checks can be used, and rejects when it cannot. */
export type Check = () => Promise<unknown>;

export interface InternalServer {
  /** Listens, and returns the port. */
  start(address: Address): Promise<number>;
  /** Call it once the service has started: /startupz then answers 200, and /readyz follows the checks. */
  markStarted(): void;
  /** Call it when the service is about to stop: /readyz then answers 503, so that no new work is sent to it. */
  markDraining(): void;
  stop(): Promise<void>;
}

export interface InternalServerOptions {
  /** What the service cannot work without, by name. */
  readonly checks: Readonly<Record<string, Check>>;
  readonly log: Logger;
}

const CHECK_TIMEOUT_MS = 2_000;

/**
 * Health and metrics, on a port of their own that must not be exposed. /livez looks only at the process: restarting a
 * service because its database is unavailable would only make an outage longer.
 */
export function createInternalServer({ checks, log }: InternalServerOptions): InternalServer {
  let phase: 'starting' | 'running' | 'draining' = 'starting';
  const pages = new Map<string | undefined, (response: ServerResponse) => Promise<void> | void>([
    ['/livez', (response) => json(response, 200, { status: 'alive' })],
    ['/startupz', (response) => json(response, phase === 'starting' ? 503 : 200, { status: phase })],
    ['/readyz', readiness],
    ['/metrics', metrics],
  ]);
  const server = createServer({ headersTimeout: 10_000, requestTimeout: 15_000 }, (request, response) => {
    void answer(request, response);
  });
  return {
    start: (address) => listen(server, address),
    markStarted() {
      phase = 'running';
    },
    markDraining() {
      phase = 'draining';
    },
    async stop() {
      server.close();
      server.closeAllConnections();
    },
  };

  async function readiness(response: ServerResponse): Promise<void> {
    const failed = phase === 'running' ? await failing(checks) : {};
    const ready = phase === 'running' && Object.keys(failed).length === 0;
    json(response, ready ? 200 : 503, { status: ready ? 'ready' : 'unready', phase, failed });
  }

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const page = pages.get(request.url?.split('?')[0]);
    try {
      if (page === undefined) {
        json(response, 404, { pages: [...pages.keys()] });
      }
      await page?.(response);
    } catch (error) {
      log.error({ err: error }, `could not answer ${request.url}`);
      json(response, 500, { error: 'See the log.' });
    }
  }
}

async function metrics(response: ServerResponse): Promise<void> {
  response.setHeader('Content-Type', registry.contentType);
  response.end(await registry.metrics());
}

/** Returns the checks that fail or take too long, each with its reason. */
async function failing(checks: Readonly<Record<string, Check>>): Promise<Record<string, string>> {
  const failed: Record<string, string> = {};
  await Promise.all(
    Object.entries(checks).map(async ([name, check]) => {
      try {
        await Promise.race([check(), timeout()]);
      } catch (error) {
        failed[name] = error instanceof Error ? error.message : String(error);
      }
    }),
  );
  return failed;
}

async function timeout(): Promise<never> {
  await sleep(CHECK_TIMEOUT_MS, undefined, { ref: false });
  throw new Error(`no answer within ${CHECK_TIMEOUT_MS} ms`);
}

function json(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(body));
}
