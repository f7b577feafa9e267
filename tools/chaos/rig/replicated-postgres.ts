import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePorts } from '../../support/free-ports';
import { type Postgres, startPostgres } from '../../support/postgres';
import { postgresDataDir } from '../../support/postgres-data';
import { copyAsStandby, STANDBY } from './base-backup';
import { query } from './query';

export interface ReplicatedOptions {
  /** The folder of the run. */
  home: string;
  /** The name of the database, and of the role that owns it. */
  database: string;
  say(text: string): void;
  /** Environment variables of the servers, besides those that they need. */
  env?: NodeJS.ProcessEnv | undefined;
}

type Server = Postgres & { readonly port: number; readonly home: string };

const WITHIN_MS = 60_000;

/**
 * A PostgreSQL server with a synchronous standby: a commit is acknowledged when it is on the disks of both. When the
 * primary is lost, the standby takes its place. Until that has a standby of its own, it acknowledges commits alone.
 */
export class ReplicatedPostgres {
  private servers = 0;
  private primary: Server | undefined;
  private standby: Server | undefined;

  private constructor(private readonly options: ReplicatedOptions) {}

  /** Resolves when both servers are up, and the second one has all that the first one has. */
  static async start(options: ReplicatedOptions): Promise<ReplicatedPostgres> {
    const started = new ReplicatedPostgres(options);
    started.primary = await started.startServer(started.newHome(), [options.database]);
    await started.addStandby();
    return started;
  }

  /** The port of the primary. It changes when that is lost. */
  get port(): number {
    return this.present.port;
  }

  /** Returns the URL of a database at the primary, for the role of the same name. `postgres` is the superuser. */
  url(database: string): string {
    return this.present.url(database);
  }

  /**
   * Stops the primary, which its supervisor starts again. Resolves when the standby has caught up: a commit that was on
   * its way to the standby in a crash is visible afterwards, whether or not it arrived.
   */
  async restart(signal: 'SIGINT' | 'SIGQUIT'): Promise<void> {
    await this.present.restart(signal);
    await this.waitUntilSynchronous();
  }

  /** Kills the standby, which its supervisor starts again. Until it is back, no commit is acknowledged. */
  async restartStandby(): Promise<void> {
    await this.presentStandby.restart('SIGQUIT');
    await this.waitUntilSynchronous();
  }

  /**
   * Kills the primary, which never comes back, and promotes the standby. Resolves when there is a new standby.
   * @param onKilled called when no process of the primary can answer any more
   */
  async failOver(onKilled: () => void): Promise<void> {
    const { present: lost, presentStandby: standby } = this;
    killWithChildren(lost);
    onKilled();
    const [promoted] = await query<{ done: boolean }>(
      standby.url('postgres'),
      'SELECT pg_promote(true, 30) AS done',
    );
    if (!promoted?.done) {
      throw new Error(`The standby of ${this.options.database} was not promoted within 30 s.`);
    }
    this.primary = standby;
    this.standby = undefined;
    await lost.stop();
    for (const folder of [lost.dataDir, lost.home]) {
      rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
    }
    await this.addStandby();
  }

  async stop(): Promise<void> {
    await this.standby?.stop();
    await this.primary?.stop();
  }

  private get present(): Server {
    if (this.primary === undefined) {
      throw new Error('PostgreSQL has not been started.');
    }
    return this.primary;
  }

  private get presentStandby(): Server {
    if (this.standby === undefined) {
      throw new Error(`The database of ${this.options.database} has no standby.`);
    }
    return this.standby;
  }

  private newHome(): string {
    return join(this.options.home, `postgres-${this.options.database}-${++this.servers}`);
  }

  private async startServer(home: string, databases: readonly string[]): Promise<Server> {
    const { say, env } = this.options;
    const program = { name: basename(home), recordsDir: join(this.options.home, 'running') };
    const [port] = (await freePorts(1)) as [number];
    return { ...(await startPostgres({ home, port, databases, say, program, env })), port, home };
  }

  private async addStandby(): Promise<void> {
    const { present: primary } = this;
    const home = this.newHome();
    mkdirSync(home);
    cpSync(join(primary.home, 'postgres-password'), join(home, 'postgres-password'));
    await copyAsStandby(primary, postgresDataDir(home));
    this.standby = await this.startServer(home, []);
    await query(primary.url('postgres'), `ALTER SYSTEM SET synchronous_standby_names = '${STANDBY}'`);
    await query(primary.url('postgres'), 'SELECT pg_reload_conf()');
    await this.waitUntilSynchronous();
  }

  /** Soon after that, whatever has been acknowledged is on the standby. */
  private async waitUntilSynchronous(): Promise<void> {
    const admin = this.url('postgres');
    const reached = async (lsn: string) => {
      const sql = `SELECT FROM pg_stat_replication WHERE sync_state = 'sync' AND flush_lsn >= $1::pg_lsn`;
      return (await query(admin, sql, [lsn])).length === 1;
    };
    await this.waitFor('has a synchronous standby', () => reached('0/0'));
    // What was acknowledged before the primary waited for the standby may still be on its way to it.
    const [now] = await query<{ lsn: string }>(admin, 'SELECT pg_current_wal_lsn()::text AS lsn');
    await this.waitFor('has a standby that has caught up', () => reached(now?.lsn ?? ''));
  }

  private async waitFor(what: string, isSo: () => Promise<boolean>): Promise<void> {
    for (const end = Date.now() + WITHIN_MS; ; await sleep(50)) {
      const found = await isSo().catch((error: Error) => error);
      if (found === true) {
        return;
      }
      if (Date.now() > end) {
        const message = `After a minute, it is not so that the database of ${this.options.database} ${what}.`;
        throw new Error(message, { cause: found });
      }
    }
  }
}

/** As when the machine loses its power. The processes that serve connections lead process groups of their own. */
function killWithChildren(server: Server): void {
  const [pid = ''] = readFileSync(join(server.dataDir, 'postmaster.pid'), 'utf8').split('\n');
  // It starts no more of them.
  process.kill(Number(pid), 'SIGSTOP');
  const { status, stdout, error } = spawnSync('pgrep', ['-P', pid], { encoding: 'utf8' });
  server.kill();
  // It exits with 1 when there are none.
  if (status !== 0 && status !== 1) {
    throw new Error('The primary may still answer: pgrep does not tell its processes.', { cause: error });
  }
  for (const child of stdout.split('\n').filter((line) => line !== '')) {
    try {
      process.kill(Number(child), 'SIGKILL');
    } catch {
      // It has just ended.
    }
  }
}
