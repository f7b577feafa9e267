// The command line for a cluster of our own: npm run cluster.
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { noMore, readArguments, UsageError, wholeNumber } from '../../../tools/support/command-line';
import { lockHolder } from '../../../tools/support/run-lock';
import { findRelease } from '../upgrade/releases';
import { buildAll } from './build';
import { readIpFamily } from './families';
import { rememberedNetwork, runInside } from './inside';
import { cleanUp } from './leftovers';
import { home, MAX_NODES, type Shape } from './places';
import { switchNode } from './power';
import { buildOnly, Interrupted, Refusal, withCluster } from './session';
import { welcome } from './welcome';

const usage = `Usage: npm run cluster -- up [--nodes 1] [--ip-family ipv4|ipv6|dual] [--from VERSION]
                                                 starts a cluster; Ctrl-C ends it and deletes it
       npm run cluster -- status                 shows its nodes and pods
       npm run cluster -- run COMMAND …          runs a command where the cluster can be reached
       npm run cluster -- off NODE               switches a node off, as a power failure does; "on NODE" brings it back
       npm run cluster -- down                   ends it from another terminal, or cleans up after a killed one
       npm run cluster -- build                  builds what "up" needs, and starts nothing
A real Kubernetes on this machine, in namespaces of its own, for the overlays "laptop" and "staging": no part of it can be
reached from elsewhere. Needs Linux, root and Go. The first time, it builds Kubernetes and more, which takes about 40 minutes.
  --nodes      up to ${MAX_NODES}
  --ip-family  what pods and Services have addresses of: IPv4, IPv6, or both, of which IPv4 is the first
  --from       the nodes also have the images of this released version, to try an upgrade
Exit status: 0 done, 1 it failed, 2 something must be put right first and nothing was changed.`;

const options = {
  nodes: { type: 'string', default: '1' },
  'ip-family': { type: 'string', default: 'ipv4' },
  from: { type: 'string' },
} as const;
type Command = () => Promise<number>;
const ENDS_WITHIN_MS = 120_000;

function readCommand(): Command {
  const [first, ...rest] = process.argv.slice(2);
  // What follows belongs to the other command, also what looks like an option of ours.
  if (first === 'run' && rest.length > 0 && !['--help', '-h'].includes(rest[0] ?? '')) {
    return () => run(rest);
  }
  return readArguments(usage, options, ({ nodes, 'ip-family': family, from }, [name, ...others]) => {
    const count = wholeNumber('nodes', nodes, 1, MAX_NODES);
    const shape = { nodes: count, ipFamily: readIpFamily(family), from };
    if (from !== undefined) {
      findRelease(from);
    }
    const building = () => build(from);
    const commands: Record<string, Command> = { up: () => up(shape), status, down, build: building };
    if (name === 'off' || name === 'on') {
      const [node, ...more] = others;
      noMore(more);
      if (node === undefined) {
        throw new UsageError(`Say which node to switch ${name}.`);
      }
      return () => turn(name, node);
    }
    noMore(others);
    const command = commands[name ?? ''];
    if (command === undefined) {
      throw new UsageError(complaintAbout(name));
    }
    return command;
  });
}

function complaintAbout(name: string | undefined): string {
  if (name === undefined) {
    return 'Say what to do.';
  }
  return name === 'run' ? 'Say which command to run.' : `There is no command "${name}".`;
}

async function up(shape: Shape): Promise<number> {
  return withCluster(shape, say, async (_, signal) => {
    say(welcome(shape.nodes));
    if (!signal.aborted) {
      await once(signal, 'abort');
    }
    return 0;
  });
}

async function status(): Promise<number> {
  const network = runningNetwork();
  const nodes = await runInside(network, 'kubectl', ['get', 'nodes', '--output', 'wide']);
  const pods = await runInside(network, 'kubectl', ['get', 'pods', '--all-namespaces', '--output', 'wide']);
  return nodes || pods;
}

async function run([command = '', ...args]: readonly string[]): Promise<number> {
  return runInside(runningNetwork(), command, args);
}

async function turn(state: 'off' | 'on', node: string): Promise<number> {
  runningNetwork();
  await switchNode(node, state);
  return 0;
}

async function down(): Promise<number> {
  const holder = lockHolder(home);
  if (holder !== undefined) {
    process.kill(holder, 'SIGTERM');
    for (const end = Date.now() + ENDS_WITHIN_MS; lockHolder(home) === holder; await sleep(200)) {
      if (Date.now() > end) {
        say(`The process ${holder}, which runs the cluster, does not end: kill it, and run this again.`);
        return 1;
      }
    }
  }
  // It may have been killed meanwhile, or have ended with an error. Then somebody may want its logs.
  const leftovers = await cleanUp(holder !== undefined);
  if (leftovers.length > 0) {
    say(`Ended ${leftovers.join(', ')}.`);
  }
  say(holder === undefined && leftovers.length === 0 ? 'There is no cluster.' : 'The cluster has ended.');
  return 0;
}

async function build(from: string | undefined): Promise<number> {
  if (process.channel === undefined) {
    return buildOnly(say, from);
  }
  const ending = new AbortController();
  const stop = () => ending.abort(new Interrupted('The build was ended.'));
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.once(signal, stop);
  }
  // The process that started this one has ended.
  process.once('disconnect', () => process.kill(process.pid, 'SIGTERM'));
  process.channel.unref();
  await buildAll({ say, signal: ending.signal }, from);
  return 0;
}

function runningNetwork(): number {
  const network = rememberedNetwork();
  if (network === undefined) {
    throw new Refusal('No cluster is running. Start one with: npm run cluster -- up');
  }
  return network;
}

function say(text: string): void {
  console.log(text);
}

readCommand()()
  .catch((error: Error) => {
    if (error instanceof Interrupted) {
      return 0;
    }
    console.error(error.message);
    return error instanceof Refusal ? 2 : 1;
  })
  .then((exitStatus) => process.exit(exitStatus));
