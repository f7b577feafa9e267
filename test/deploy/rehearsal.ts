import { type ChildProcess, execFile } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root } from '../../shared/root';
import { Refused } from './calls';
import { ClusterDouble } from './cluster-double';
import { scriptPrograms } from './programs';

export interface Ran {
  status: number;
  /** What the script printed to stdout and to stderr. */
  output: string;
  /** The calls of kubectl and helm, one line each. */
  calls: string[];
}

/** Passes its arguments, and its standard input if it reads that, to the process of the test. A port-forward goes on. */
const SHIM = `#!/bin/bash
if [[ -e "$DOUBLE.silent" && " $* " == *' port-forward '* ]]; then
  rm "$DOUBLE.silent"
  echo $$ >>"$DOUBLE.forwards"
  exec sleep 300
fi
reads=no
for argument; do [[ $argument != - ]] || reads=yes; done
answer=$({ printf '%s\\0' "\${0##*/}" $# "$@"; [[ $reads == no ]] || cat; } |
  curl --silent --unix-socket "$DOUBLE" --data-binary @- --write-out '\\n%{http_code}' http://double/)
if [[ \${answer##*$'\\n'} == 200 ]]; then
  printf '%s\\n' "\${answer%$'\\n'*}"
  [[ " $* " != *' port-forward '* ]] || { echo $$ >>"$DOUBLE.forwards"; exec sleep 300; }
  exit
fi
printf '%s\\n' "\${answer%$'\\n'*}" >&2
exit 1
`;

/** What is deployed: a small sample, unless a test gives the project's own files. */
export interface Sources {
  /** The rendered overlay. */
  overlay: string;
  /** A folder like helm-config. */
  charts: string;
}

const fixtures = join(root, 'test/deploy/fixtures');
const sample = (): Sources => ({
  overlay: readFileSync(join(fixtures, 'overlay.yaml'), 'utf8'),
  charts: join(fixtures, 'helm-config'),
});

/** A copy of the project's deployment and a cluster to try it on: kubectl and helm are doubles, the rest is real. */
export class Rehearsal {
  private calls: string[][] = [];
  private script: ChildProcess | undefined;

  private constructor(
    readonly home: string,
    readonly cluster: ClusterDouble,
    /** Of the script, and of the programs that it runs. */
    readonly env: NodeJS.ProcessEnv,
    private readonly server: Server,
  ) {}

  static async begin(sources: Sources = sample()): Promise<Rehearsal> {
    const home = mkdtempSync(join(tmpdir(), 'chandlery-deploy-'));
    const { files, env } = await scriptPrograms();
    mkdirSync(join(home, 'bin'));
    for (const [name, file] of Object.entries(files)) {
      symlinkSync(file, join(home, 'bin', name));
    }
    for (const name of ['kubectl', 'helm']) {
      writeFileSync(join(home, 'bin', name), SHIM);
      chmodSync(join(home, 'bin', name), 0o755);
    }
    for (const part of ['deploy-to-cluster.sh', 'k8s/deploy', 'k8s/secrets.tsv']) {
      cpSync(join(root, part), join(home, part), { recursive: true });
    }
    cpSync(sources.charts, join(home, 'helm-config'), { recursive: true });
    const cluster = new ClusterDouble(sources.overlay);
    const socket = join(home, 'double');
    const server = createServer();
    const rehearsal = new Rehearsal(
      home,
      cluster,
      { ...env, PATH: join(home, 'bin'), DOUBLE: socket },
      server,
    );
    rehearsal.serveCalls();
    await new Promise<void>((resolve) => server.listen(socket, resolve));
    return rehearsal;
  }

  private serveCalls(): void {
    this.server.on('request', async (request, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) {
        chunks.push(chunk);
      }
      const [program = '', count, ...rest] = Buffer.concat(chunks).toString().split('\0');
      const args = rest.slice(0, Number(count));
      const file = args[args.indexOf('-f') + 1];
      const piped = rest.slice(Number(count)).join('\0');
      const input = args.includes('-f') && file && file !== '-' ? readFileSync(file, 'utf8') : piped;
      this.calls.push([program, ...args]);
      try {
        response.end(this.cluster.run(program, args, input));
      } catch (error) {
        if (error instanceof Refused) {
          response.writeHead(400).end(error.message);
        } else {
          response.writeHead(500).end((error as Error).stack);
        }
      }
    });
  }

  /** Fills the cluster as if everything had been deployed. */
  seed(): void {
    const { cluster } = this;
    cluster.releases.set('envoy-gateway', { chart: 'gateway-helm-1.2.3', namespace: 'envoy-gateway-system' });
    cluster.releases.set('kube-prometheus-stack', {
      chart: 'kube-prometheus-stack-7.8.9',
      namespace: 'monitoring',
    });
    cluster.kinds.push(...Object.values(cluster.brings).flat());
    for (const name of ['chandlery', 'monitoring']) {
      cluster.namespaces.add(name);
    }
    const secret = 'apiVersion: v1\nkind: Secret\nmetadata: { name: grafana-admin, namespace: monitoring }\n';
    cluster.run(
      'kubectl',
      ['--context=laptop', 'apply', '--server-side'],
      `${cluster.overlay}---\n${secret}`,
    );
  }

  /** Makes the script wait for images, for the gateway and for a port-forward hardly longer than it takes to check them once. */
  shortenTimeouts(): void {
    const timeouts = [
      ['jobs.sh', /^image_timeout_s=60$/m, 'image_timeout_s=0'],
      ['routes.sh', /^route_settle_s=10$/m, 'route_settle_s=0'],
      ['smoke.sh', /^gateway_timeout_s=180$/m, 'gateway_timeout_s=3'],
      ['smoke.sh', /^forward_timeout_s=20$/m, 'forward_timeout_s=1'],
    ] as const;
    for (const [name, usual, short] of timeouts) {
      const file = join(this.home, 'k8s/deploy', name);
      const text = readFileSync(file, 'utf8');
      if (!usual.test(text)) {
        throw new Error(`${name} has no ${usual}`);
      }
      writeFileSync(file, text.replace(usual, short));
    }
  }

  /** Makes the next port-forward say nothing and do nothing. */
  silenceForward(): void {
    writeFileSync(join(this.home, 'double.silent'), '');
  }

  /** The processes that forward ports, or seem to. */
  get forwards(): number[] {
    const file = join(this.home, 'double.forwards');
    return existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n').map(Number) : [];
  }

  /** Removes a program from the PATH. */
  removeProgram(program: string): void {
    rmSync(join(this.home, 'bin', program));
  }

  run(...args: string[]): Promise<Ran> {
    this.calls = [];
    const script = join(this.home, 'deploy-to-cluster.sh');
    return new Promise((resolve) => {
      const child = execFile(script, args, { env: this.env }, (error, out, err) => {
        const calls = this.calls.map((call) => call.join(' '));
        resolve({
          status: typeof error?.code === 'number' ? error.code : error ? -1 : 0,
          output: out + err,
          calls,
        });
      });
      child.stdin?.end();
      this.script = child;
    });
  }

  /** Ends the script, but none of the programs that it runs. */
  stop(signal: NodeJS.Signals): void {
    this.script?.kill(signal);
  }

  /** The values of a Secret, by key. */
  secret(name: string, namespace = 'chandlery'): Record<string, string> {
    const data = this.cluster.objects.get(`secret/${namespace}/${name}`)?.data ?? {};
    return Object.fromEntries(
      Object.entries(data).map(([key, value]) => [key, Buffer.from(value, 'base64').toString()]),
    );
  }

  async end(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
    rmSync(this.home, { recursive: true });
  }
}

/** Returns the calls that would change a cluster. */
export function changes(calls: readonly string[]): string[] {
  const changing = /^(kubectl|helm) (--context \S+ )?(apply|create|delete|patch|upgrade|uninstall)\b/;
  return calls.filter((call) => changing.test(call) && !call.includes('--dry-run=server'));
}

/** Throws unless all these parts are in the text, in this order. */
export function expectInOrder(text: string, parts: readonly string[]): void {
  let from = 0;
  for (const part of parts) {
    const found = text.indexOf(part, from);
    if (found < 0) {
      throw new Error(
        `"${part}" does not come after ${JSON.stringify(text.slice(0, from).slice(-80))} in:\n${text}`,
      );
    }
    from = found + part.length;
  }
}
