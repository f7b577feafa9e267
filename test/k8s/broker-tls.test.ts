import { once } from 'node:events';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { probe } from '../../shared/rabbit/probe';
import { root } from '../../shared/root';
import { amqpTrust, certificateOf, type ServerCertificate } from '../../tools/support/certificates';
import { freePorts } from '../../tools/support/free-ports';
import { startEpmd, startNode } from '../../tools/support/rabbit-node';
import { ownRabbit, type RabbitPrograms } from '../../tools/support/rabbit-programs';
import { runTool } from '../../tools/support/rabbit-tool';
import type { Supervised } from '../../tools/support/supervise';
import { hasIpv6, loopbackAddresses } from '../support/loopbacks';
import { until } from '../support/until';
import { manifestsOf } from './manifests';

// No operator runs here, but the broker that it configures does: with the very text that production gives it.

const say = () => undefined;
const home = mkdtempSync(join(tmpdir(), 'chandlery-nodes-'));
const running: Supervised[] = [];
let programs: RabbitPrograms;
let tls: ServerCertificate;
let epmd: number;

beforeAll(async () => {
  chmodSync(home, 0o755);
  programs = await ownRabbit(say);
  tls = await certificateOf(join(home, 'certificates'), 'nodes', ['localhost', '127.0.0.1']);
  [epmd] = (await freePorts(1)) as [number];
  running.push(startEpmd(programs, home, epmd, say));
});
afterAll(() => {
  for (const program of running) {
    program.kill();
  }
  rmSync(home, { recursive: true, force: true });
});

/** Returns what production says, with the paths of this machine. */
function here(text: string): string {
  return text
    .replaceAll('/etc/rabbitmq/nodes-tls/nodes-tls.config', join(home, 'nodes-tls.config'))
    .replaceAll(/\/etc\/(?:rabbitmq\/nodes|rabbitmq-tls)\/ca\.crt/g, tls.authorityFile)
    .replaceAll(/\/etc\/(?:rabbitmq\/nodes|rabbitmq-tls)\/tls\.crt/g, tls.certificateFile)
    .replaceAll(/\/etc\/(?:rabbitmq\/nodes|rabbitmq-tls)\/tls\.key/g, tls.keyFile);
}

async function environmentOfProduction(): Promise<{ node: string; control: string }> {
  const broker = (await manifestsOf('production')).find(({ kind }) => kind === 'RabbitmqCluster');
  const spec = broker?.spec as { rabbitmq: { envConfig: string } } | undefined;
  const of = (name: string) =>
    here(new RegExp(`^${name}="(.*)"$`, 'm').exec(spec?.rabbitmq.envConfig ?? '')?.[1] ?? '');
  return { node: of('SERVER_ADDITIONAL_ERL_ARGS'), control: of('RABBITMQ_CTL_ERL_ARGS') };
}

/** Runs rabbitmqctl at a node. @param erlang its arguments for Erlang */
function control(node: string, erlang: string, ...args: string[]): Promise<string> {
  const at = { home: join(home, node), name: `${node}@localhost`, epmd };
  return runTool(programs, { ...at, env: { RABBITMQ_CTL_ERL_ARGS: erlang } }, 'rabbitmqctl', ...args);
}

async function startOne(name: string, env: NodeJS.ProcessEnv, more: object = {}): Promise<number> {
  const [amqp, distribution] = (await freePorts(2)) as [number, number];
  const program = { name, recordsDir: join(home, 'running') };
  mkdirSync(join(home, name), { recursive: true });
  const member = { name: `${name}@localhost`, cookie: 'a secret of this test', program };
  running.push(
    startNode(programs, join(home, name), { amqp, distribution, epmd, ...more }, say, { member, tls, env }),
  );
  const url = `amqps://guest:guest@127.0.0.1:${amqp}${amqpTrust(tls.authorityFile)}`;
  await until(async () => (await probe(url)) !== undefined);
  return distribution;
}

test('nodes speak TLS to each other, and to nobody without a certificate', async () => {
  const config = readFileSync(join(root, 'k8s/overlays/production/broker/nodes-tls.config'), 'utf8');
  writeFileSync(join(home, 'nodes-tls.config'), here(config));
  const erlang = await environmentOfProduction();
  const env = {
    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: `-kernel inet_dist_use_interface {127,0,0,1} ${erlang.node}`,
  };
  const port = await startOne('one', env);
  await startOne('two', env);
  await control('two', erlang.control, 'stop_app');
  await control('two', erlang.control, 'join_cluster', 'one@localhost');
  await control('two', erlang.control, 'start_app');
  const status = JSON.parse(await control('one', erlang.control, 'cluster_status', '--formatter', 'json'));
  expect(status.running_nodes.sort()).toEqual(['one@localhost', 'two@localhost']);

  await expect(control('one', '', 'await_startup', '--timeout', '5')).rejects.toThrow();
  const socket = connect({ port, host: '127.0.0.1', ca: readFileSync(tls.authorityFile) });
  const refusal = await new Promise<Error>((resolve) => socket.once('error', resolve));
  expect(refusal.message).toMatch(/alert handshake failure|certificate required/);
}, 120_000);

test('with the component ipv6, the HTTP API and the metrics answer with TLS at every address', async () => {
  const [management, metrics] = (await freePorts(2)) as [number, number];
  const patch = readFileSync(join(root, 'k8s/components/ipv6/broker-cluster.yaml'), 'utf8');
  const advanced = here(patch.slice(patch.indexOf('value: |\n') + 'value: |\n'.length))
    .replace('15671', String(management))
    .replace('15691', String(metrics))
    .replaceAll('"::"', hasIpv6 ? '"::"' : '"0.0.0.0"');
  const file = join(home, 'advanced.config');
  writeFileSync(file, advanced);
  writeFileSync(join(home, 'plugins'), '[rabbitmq_management,rabbitmq_prometheus].\n');
  await startOne('three', {
    RABBITMQ_ADVANCED_CONFIG_FILE: file,
    RABBITMQ_ENABLED_PLUGINS_FILE: join(home, 'plugins'),
  });
  const ca = readFileSync(tls.authorityFile);
  for (const host of loopbackAddresses) {
    for (const port of [management, metrics]) {
      const socket = connect({ port, host, servername: 'localhost', ca });
      await once(socket, 'secureConnect');
      socket.destroy();
    }
  }
}, 120_000);
