import { perService, serviceNames } from '../../shared/services';
import { noMore, readArguments, UsageError, wholeNumber } from '../support/command-line';
import { MAX_REPLICAS, type Ports, portsFrom, type Replicas, STANDARD_PORT } from '../support/layout';

/** Whether everybody may do everything, or a token says who may do what. */
export type AccessMode = 'open' | 'required';

export interface Settings {
  readonly access: AccessMode;
  /** The address that the gateway listens on. */
  readonly host: string;
  readonly replicas: Replicas;
  readonly ports: Ports;
  /** Whether changed sources are compiled, and the programs that use them restarted. */
  readonly watch: boolean;
}

const usage = `Usage: npm start -- [--replicas N] ${serviceNames.map((name) => `[--${name} N]`).join(' ')} [--port ${STANDARD_PORT}] [--access open|required] [--host ADDRESS] [--watch]
  Starts the whole shop on this machine. Ctrl-C stops it and keeps its data.
  --replicas N   replicas of each service, 1 to ${MAX_REPLICAS}
${serviceNames.map((name) => `${`  --${name} N`.padEnd(17)}replicas of ${name}`).join('\n')}
  --port N       the gateway's port; the other ports follow from it (N+1 to N+103, N+1001 to N+1085)
  --access A     open (default): whoever reaches the API may do everything; required: tokens say who may do what
  --host A       the address that the gateway listens on; default: 127.0.0.1, which only this machine reaches
  --watch        compile sources when they change, and restart the programs that use them; npm run dev sets it`;

/** Reads the command line of `npm start`. */
export function readSettings(): Settings {
  const text = { type: 'string' } as const;
  const watch = { type: 'boolean' } as const;
  const options = { replicas: text, ...perService(() => text), port: text, access: text, host: text, watch };
  return readArguments(usage, options, (values, positionals) => {
    noMore(positionals);
    const count = wholeNumber('replicas', values.replicas ?? '1', 1, MAX_REPLICAS);
    const access = readAccess(values.access ?? 'open');
    const replicas = perService((service) =>
      values[service] === undefined ? count : wholeNumber(service, values[service], 1, MAX_REPLICAS),
    );
    const port = wholeNumber('port', values.port ?? String(STANDARD_PORT), 1024, 64_000);
    const { host = '127.0.0.1', watch = false } = values;
    return { access, host, replicas, ports: portsFrom(port), watch };
  });
}

function readAccess(access: string): AccessMode {
  if (access !== 'open' && access !== 'required') {
    throw new UsageError(`--access must be open or required, not "${access}".`);
  }
  return access;
}
