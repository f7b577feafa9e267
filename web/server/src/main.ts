import { createServer } from 'node:http';
import { join } from 'node:path';
import { createInternalServer } from '../../../shared/http/internal-server';
import { originForm, SERVER_OPTIONS } from '../../../shared/http/limits';
import { openListener } from '../../../shared/http/listener';
import { createLogger } from '../../../shared/observe/log';
import { root } from '../../../shared/root';
import { readConfigOrExit } from '../../../shared/service/config';
import { Lifecycle } from '../../../shared/service/lifecycle';
import { serviceOfPath } from '../../../shared/services';
import { forwardTo } from './api';
import { settings } from './config';
import { servePages } from './pages';

/** Longer than the longest request that is passed on. */
const GRACE_MS = 30_000;

async function main(): Promise<void> {
  const config = readConfigOrExit(settings);
  const { PAGES: name, HOST: host, API_URL: apiUrl } = config;
  const log = createLogger({ service: name, level: config.LOG_LEVEL, format: config.LOG_FORMAT });
  const lifecycle = new Lifecycle(log, config.DRAIN_DELAY_MS);
  const internal = lifecycle.addPart(createInternalServer({ log, checks: {} }), ({ stop }) => stop());
  lifecycle.onStopping(internal.markDraining);
  await internal.start({ host, port: config.INTERNAL_PORT, variable: 'INTERNAL_PORT' });

  const pages = servePages(join(root, 'web/dist', name)).callback();
  const forward = apiUrl === undefined ? undefined : forwardTo(apiUrl, log);
  const server = createServer(SERVER_OPTIONS, (request, response) => {
    const isApi = serviceOfPath(originForm(request.url ?? '') ?? '') !== undefined;
    void (isApi && forward !== undefined ? forward : pages)(request, response);
  });
  const listener = lifecycle.addPart(openListener(server), ({ stop }) => stop(GRACE_MS), GRACE_MS + 1_000);
  const port = await listener.start({ host, port: config.PORT, variable: 'PORT' });
  internal.markStarted();
  log.info({ port, internal_port: config.INTERNAL_PORT }, `the pages of ${name} are up`);
}

void main();
