import { perService, serviceNames } from '../../shared/services';
import { noMore, readArguments, wholeNumber } from '../support/command-line';
import { MAX_REPLICAS, type Ports, portsFrom, type Replicas, STANDARD_PORT } from '../support/layout';

export interface Settings {
  readonly replicas: Replicas;
  readonly ports: Ports;
  /** Whether changed sources are compiled, and the programs that use them restarted. */
  readonly watch: boolean;
}

const usage = `Usage: npm start -- [--replicas N] ${serviceNames.map((name) => `[--${name} N]`).join(' ')} [--port ${STANDARD_PORT}] [--watch]
  Starts the whole shop on this machine. Ctrl-C stops it and keeps its data.
  --replicas N   replicas of each service, 1 to ${MAX_REPLICAS}
${serviceNames.map((name) => `${`  --${name} N`.padEnd(17)}replicas of ${name}`).join('\n')}
  --port N       the gateway's port; the other ports follow from it (N+1 to N+103, N+1001 to N+1083)
  --watch        compile sources when they change, and restart the programs that use them; npm run dev sets it`;

/** Reads the command line of `npm start`. */
export function readSettings(): Settings {
  const text = { type: 'string' } as const;
  const watch = { type: 'boolean' } as const;
  const options = { replicas: text, ...perService(() => text), port: text, watch };
  return readArguments(usage, options, (values, positionals) => {
    noMore(positionals);
    const count = wholeNumber('replicas', values.replicas ?? '1', 1, MAX_REPLICAS);
    const replicas = perService((service) =>
      values[service] === undefined ? count : wholeNumber(service, values[service], 1, MAX_REPLICAS),
    );
    const port = wholeNumber('port', values.port ?? String(STANDARD_PORT), 1024, 64_000);
    return { replicas, ports: portsFrom(port), watch: values.watch ?? false };
  });
}
