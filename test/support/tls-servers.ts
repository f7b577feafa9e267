import { appendFileSync, chmodSync, copyFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { probeDatabase } from '../../shared/postgres/probe';
import { probe } from '../../shared/rabbit/probe';
import { type ParticipantName, participantNames, perParticipant } from '../../shared/services';
import { amqpTrust, certificateOf, type ServerCertificate } from '../../tools/support/certificates';
import { freePorts } from '../../tools/support/free-ports';
import { startPostgres } from '../../tools/support/postgres';
import { installCertificate } from '../../tools/support/postgres-data';
import { postgresPrograms } from '../../tools/support/postgres-programs';
import { startNode } from '../../tools/support/rabbit-node';
import { ownRabbit } from '../../tools/support/rabbit-programs';
import { runTool } from '../../tools/support/rabbit-tool';
import { runProgram } from './run-program';
import { until } from './until';

const say = () => undefined;
const HOSTS = ['localhost', '127.0.0.1'];

/** A PostgreSQL and a RabbitMQ that speak TLS alone, with certificates of an authority that only this test knows. */
export interface TlsServers {
  readonly databases: Record<ParticipantName, string>;
  readonly superuser: string;
  readonly amqp: string;
  /** Makes clients trust another authority as well. */
  trustAnother(): Promise<void>;
  /** Gives both servers certificates of that authority. New connections get them. */
  replaceCertificates(): Promise<void>;
  /** Makes clients trust no other authority any more. */
  trustOnlyTheOther(): void;
  /** Ends every connection to both servers. */
  cut(): Promise<void>;
  close(): Promise<void>;
}

/** Returns an address that trusts another authority. */
export function trusting(address: string, authorityFile: string): string {
  const url = new URL(address);
  const parameter = url.protocol === 'amqps:' ? 'cacertfile' : 'sslrootcert';
  url.searchParams.set(parameter, authorityFile);
  return url.href;
}

export async function openTlsServers(): Promise<TlsServers> {
  const home = mkdtempSync(join(tmpdir(), 'chandlery-tls-'));
  chmodSync(home, 0o755);
  const [postgresPort, amqp, distribution, epmd] = (await freePorts(4)) as [number, number, number, number];
  const trustFile = join(home, 'trust.crt');
  const first = await certificateOf(join(home, 'first'), 'server', HOSTS);
  copyFileSync(first.authorityFile, trustFile);
  const tls: ServerCertificate = { ...first, authorityFile: trustFile };

  const programs = await ownRabbit(say);
  const postgres = await startPostgres({
    ...{ home, port: postgresPort, databases: participantNames, say, tls },
  });
  const node = startNode(programs, home, { amqp, distribution, epmd }, say, { tls });
  const amqpUrl = `amqps://guest:guest@127.0.0.1:${amqp}${amqpTrust(trustFile)}`;
  const close = async () => {
    node.kill();
    await postgres.stop();
    rmSync(home, { recursive: true, force: true });
    rmSync(postgres.dataDir, { recursive: true, force: true });
  };
  try {
    for (const service of participantNames) {
      const env = { ...process.env, DATABASE_URL: postgres.url(service) };
      const { status, stderr } = await runProgram('dist/tools/deploy/migrate.js', [service], env);
      if (status !== 0) {
        throw new Error(stderr);
      }
    }
    await until(async () => (await probe(amqpUrl)) !== undefined);
  } catch (error) {
    await close();
    throw error;
  }

  /** Runs an Erlang expression in the broker. */
  const evaluate = (expression: string) =>
    runTool(programs, { home, name: 'chandlery@localhost', epmd }, 'rabbitmqctl', 'eval', expression);

  const other = () => certificateOf(join(home, 'second'), 'server', HOSTS);
  return {
    databases: perParticipant((service) => postgres.url(service)),
    superuser: postgres.url('postgres'),
    amqp: amqpUrl,
    async trustAnother() {
      appendFileSync(trustFile, readFileSync((await other()).authorityFile));
    },
    async replaceCertificates() {
      const second = await other();
      installCertificate(postgresPrograms(), postgres.dataDir, second);
      const [pid] = readFileSync(join(postgres.dataDir, 'postmaster.pid'), 'utf8').split('\n');
      process.kill(Number(pid), 'SIGHUP');
      copyFileSync(second.keyFile, first.keyFile);
      copyFileSync(second.certificateFile, first.certificateFile);
      // By itself, the broker reads files again within two minutes.
      await evaluate('ssl:clear_pem_cache().');
      await until(async () => (await probe(trusting(amqpUrl, second.authorityFile))) !== undefined);
      await until(() =>
        probeDatabase('test', trusting(postgres.url('postgres'), second.authorityFile)).then(
          () => true,
          () => false,
        ),
      );
    },
    trustOnlyTheOther() {
      copyFileSync(join(home, 'second/authority.crt'), trustFile);
    },
    async cut() {
      await evaluate('rabbit_networking:close_all_connections("test").');
      const admin = new Client(postgres.url('postgres'));
      admin.on('error', () => {});
      await admin.connect();
      await admin.query(
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'`,
      );
      await admin.end();
    },
    close,
  };
}
