import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { root } from '../../../shared/root';
import { type ParticipantName, participantNames, variableOf } from '../../../shared/services';
import { freePorts, isTaken } from '../../support/free-ports';
import { serviceFlags } from '../../support/layout';
import { endOf, startProgram } from '../../support/process';

/** The gateway in front of the shop. No fault ends it. */
export interface Gateway {
  readonly port: number;
  readonly url: URL;
  readonly pid: number;
  stop(): Promise<void>;
}

const UP_WITHIN_MS = 30_000;

/** @param onUnexpectedExit called when the process has exited before it was stopped */
export async function startGateway(
  home: string,
  addresses: Partial<Record<ParticipantName, { urls: URL[]; internalUrls: URL[] }>>,
  onUnexpectedExit: (description: string) => void,
): Promise<Gateway> {
  const [port] = (await freePorts(1)) as [number];
  const logFile = join(home, 'log/gateway.log');
  const settings = participantNames.flatMap((service) => {
    const { urls = [], internalUrls = [] } = addresses[service] ?? {};
    return [
      [variableOf(service, 'URLS'), urls.join()],
      [variableOf(service, 'INTERNAL_URLS'), internalUrls.join()],
    ];
  });
  const program = startProgram({
    name: 'gateway',
    command: process.execPath,
    args: [...serviceFlags, join(root, 'dist/tools/gateway/main.js')],
    env: { GATEWAY_PORT: String(port), LOG_FORMAT: 'json', ...Object.fromEntries(settings) },
    logFile,
    recordsDir: join(home, 'running'),
  });
  let isStopping = false;
  void program.exited.then(() => {
    if (isStopping) {
      return;
    }
    const { exitCode, signalCode } = program.child;
    onUnexpectedExit(`the gateway ended unexpectedly (${signalCode ?? exitCode}):\n${endOf(logFile)}`);
  });
  for (const end = Date.now() + UP_WITHIN_MS; !(await isTaken(port)); await sleep(50)) {
    if (Date.now() > end) {
      throw new Error(`The gateway did not start. The end of its log (${logFile}):\n${endOf(logFile)}`);
    }
  }
  return {
    port,
    url: new URL(`http://127.0.0.1:${port}`),
    pid: program.child.pid as number,
    async stop() {
      isStopping = true;
      await program.stop();
    },
  };
}
