import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ServerCertificate } from './certificates';
import type { Recorded } from './process';
import { majorOf, type RabbitPrograms } from './rabbit-programs';
import { keepRunning, type Supervised } from './supervise';

export interface RabbitPorts {
  amqp: number;
  /** The port of the HTTP API, if it is wanted. Stopping takes five seconds longer with it. */
  management?: number;
  /** The port that Prometheus reads, if it is wanted. */
  metrics?: number;
  /** The node's own port, for its command-line tools. */
  distribution: number;
  epmd: number;
}

/** What a node needs to know when it is one of a cluster. */
export interface ClusterMember {
  /** Such as "chandlery-1@localhost". */
  name: string;
  /** The secret that all nodes and their tools share. */
  cookie: string;
  program: Recorded;
}

export interface NodeOptions {
  /** If it is one of a cluster, whose nodes have one epmd that must run already. */
  readonly member?: ClusterMember | undefined;
  /** With it, clients must use TLS; the HTTP API and the metrics stay without. */
  readonly tls?: ServerCertificate | undefined;
  /** Environment variables of the node, instead of ours. */
  readonly env?: NodeJS.ProcessEnv | undefined;
}

// Does not conflict with a RabbitMQ that the system runs: it has its own name, ports and folders, and uses loopback
// only.
const nodeName = 'chandlery@localhost';

export interface RabbitNode extends Supervised {
  /** All that the node has stored. */
  readonly dataFolder: string;
}

/**
 * Starts a private node. It accepts connections some seconds later.
 */
export function startNode(
  programs: RabbitPrograms,
  home: string,
  ports: RabbitPorts,
  say: (text: string) => void,
  { member, tls, env }: NodeOptions = {},
): RabbitNode {
  const folder = join(home, 'rabbitmq');
  const dataFolder = join(folder, dataFolderOf(programs));
  mkdirSync(folder, { recursive: true });
  const spreads = member !== undefined && majorOf(programs) >= 4;
  const settings = [configuration(ports, tls), ...(spreads ? [CLUSTER_SETTINGS] : [])];
  writeFileSync(join(folder, 'rabbitmq.conf'), settings.join('\n'));
  const plugins = [
    ...(ports.management === undefined ? [] : ['rabbitmq_management']),
    ...(ports.metrics === undefined ? [] : ['rabbitmq_prometheus']),
  ];
  writeFileSync(join(folder, 'enabled_plugins'), `[${plugins.join(',')}].\n`);
  // Erlang's own resolver, because the system's runs in a helper process that outlives the node for a moment.
  writeFileSync(join(folder, 'inetrc'), '{lookup, [file, dns]}.\n');
  const cookieFile = join(folder, '.erlang.cookie');
  if (member !== undefined && !existsSync(cookieFile)) {
    writeFileSync(cookieFile, member.cookie, { mode: 0o400 });
  }
  // Otherwise the node starts its own epmd, as a daemon that outlives everything.
  const epmd = member === undefined ? startEpmd(programs, home, ports.epmd, say) : undefined;
  const node = keepRunning(
    {
      ...(member?.program ?? { name: 'rabbitmq', recordsDir: join(home, 'running') }),
      cwd: folder,
      command: programs.server,
      args: [],
      logFile: join(home, 'log/rabbitmq.log'),
      env: {
        ...programs.env,
        ...erlangEnvironment(ports.epmd),
        HOME: folder,
        ERL_INETRC: join(folder, 'inetrc'),
        RABBITMQ_NODENAME: member?.name ?? nodeName,
        // Makes the script `exec` the node, instead of remaining as a shell that passes signals on.
        RUNNING_UNDER_SYSTEMD: 'true',
        RABBITMQ_DIST_PORT: String(ports.distribution),
        RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: '-kernel inet_dist_use_interface {127,0,0,1}',
        RABBITMQ_CONF_ENV_FILE: join(folder, 'none'),
        RABBITMQ_CONFIG_FILE: join(folder, 'rabbitmq.conf'),
        RABBITMQ_ADVANCED_CONFIG_FILE: join(folder, 'none'),
        RABBITMQ_ENABLED_PLUGINS_FILE: join(folder, 'enabled_plugins'),
        RABBITMQ_MNESIA_BASE: dataFolder,
        RABBITMQ_LOG_BASE: join(home, 'log'),
        ...env,
      },
    },
    say,
  );
  return {
    ...node,
    dataFolder,
    async stop() {
      await node.stop();
      await epmd?.stop();
    },
    kill() {
      node.kill();
      epmd?.kill();
    },
  };
}

/** Starts the program that knows which node listens on which port. */
export function startEpmd(
  programs: RabbitPrograms,
  home: string,
  port: number,
  say: (text: string) => void,
): Supervised {
  return keepRunning(
    {
      recordsDir: join(home, 'running'),
      name: 'epmd',
      command: programs.epmd,
      args: [],
      env: { ...programs.env, ...erlangEnvironment(port) },
      logFile: join(home, 'log/epmd.log'),
    },
    say,
  );
}

/** Where the Erlang programs of a node and its tools find each other. */
export function erlangEnvironment(epmdPort: number): NodeJS.ProcessEnv {
  return { LANG: 'C.UTF-8', ERL_EPMD_ADDRESS: '127.0.0.1', ERL_EPMD_PORT: String(epmdPort) };
}

/** Each version has its own data, because RabbitMQ does not start on that of a version further away than the last one. */
function dataFolderOf({ version }: RabbitPrograms): string {
  const [major, minor] = version.split('.');
  return Number(major) < 4 ? 'data' : `data-${major}.${minor}`;
}

/** As in the overlay `production`: a queue that has lost a member, or never had it, gets one by itself. RabbitMQ 4 knows them. */
const CLUSTER_SETTINGS = `
quorum_queue.continuous_membership_reconciliation.enabled = true
quorum_queue.continuous_membership_reconciliation.target_group_size = 3
`.trimStart();

function listener(port: number, tls: ServerCertificate | undefined): string {
  if (tls === undefined) {
    return `listeners.tcp.local = 127.0.0.1:${port}`;
  }
  return `
listeners.tcp = none
listeners.ssl.local = 127.0.0.1:${port}
ssl_options.cacertfile = ${tls.authorityFile}
ssl_options.certfile = ${tls.certificateFile}
ssl_options.keyfile = ${tls.keyFile}
ssl_options.verify = verify_none
ssl_options.versions.1 = tlsv1.3
ssl_options.versions.2 = tlsv1.2`.trimStart();
}

function configuration(ports: RabbitPorts, tls: ServerCertificate | undefined): string {
  // Statistics would cost more processor time than the shop's own messages.
  const management = `
management.tcp.ip = 127.0.0.1
management.tcp.port = ${ports.management}
management.disable_stats = true
management_agent.disable_metrics_collector = true`;
  const metrics = `
prometheus.tcp.ip = 127.0.0.1
prometheus.tcp.port = ${ports.metrics}`;
  return `
${listener(ports.amqp, tls)}
log.file = false
log.console = true
log.console.level = info
vm_memory_high_watermark.absolute = 2GB
disk_free_limit.absolute = 200MB
# The default of 512 MiB is meant for machines that only run RabbitMQ.
raft.wal_max_size_bytes = 134217728
${ports.management === undefined ? '' : management}
${ports.metrics === undefined ? '' : metrics}
`.trimStart();
}
