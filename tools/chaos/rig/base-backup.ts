import { appendFile, chown, copyFile, mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Postgres } from '../../support/postgres';
import { postgresPrograms } from '../../support/postgres-programs';
import { connectTo } from './query';

/** The name of a standby in its primary's settings, and of the slot that keeps the log for it. */
export const STANDBY = 'standby';

/** What a standby does not need, or makes itself (PostgreSQL documentation, 25.3.4.2). Of these folders only the contents. */
const EMPTIED = [
  ...['pg_wal', 'pg_replslot', 'pg_dynshmem', 'pg_notify', 'pg_serial', 'pg_snapshots', 'pg_stat_tmp'],
  'pg_subtrans',
];
const LEFT_OUT = ['postmaster.pid', 'postmaster.opts', 'standby.signal', 'backup_label', 'backup_manifest'];

/**
 * Copies a running server into a new data folder: a server that is started there is its standby. This is what
 * pg_basebackup does, which is not among the programs of the npm package (PostgreSQL documentation, 25.3.4, "Making a Base
 * Backup Using the Low Level API").
 *
 * @param primary with the port that it listens on
 */
export async function copyAsStandby(primary: Postgres & { port: number }, dataDir: string): Promise<void> {
  const { user } = postgresPrograms();
  const own = async (path: string) => user && chown(path, user.uid, user.gid);
  const admin = new URL(primary.url('postgres'));
  const session = await connectTo(admin.href);
  try {
    await session.query(
      `SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = $1`,
      [STANDBY],
    );
    await session.query('SELECT pg_create_physical_replication_slot($1, true)', [STANDBY]);
    await session.query(`SELECT pg_backup_start('a standby', fast => true)`);
    await copyFolder(primary.dataDir, dataDir, own);
    const { rows } = await session.query<{ labelfile: string }>(
      'SELECT labelfile FROM pg_backup_stop(wait_for_archive => false)',
    );
    await writeFile(join(dataDir, 'backup_label'), rows[0]?.labelfile ?? '');
  } finally {
    await session.end();
  }
  await writeFile(join(dataDir, 'standby.signal'), '');
  const address = `host=127.0.0.1 port=${primary.port} user=postgres password=${admin.password}`;
  const settings = {
    primary_conninfo: `${address} application_name=${STANDBY}`,
    primary_slot_name: STANDBY,
    // By default it waits five seconds before it connects again, and nothing can be committed meanwhile.
    wal_retrieve_retry_interval: '500ms',
    // Once it is promoted, it waits for nobody until it has a standby of its own.
    synchronous_standby_names: '',
  };
  const lines = Object.entries(settings).map(([name, value]) => `${name} = '${value}'\n`);
  await appendFile(join(dataDir, 'postgresql.auto.conf'), lines.join(''));
  await Promise.all(['backup_label', 'standby.signal'].map((name) => own(join(dataDir, name))));
}

/** Copies what is there. The server goes on, so files may change or vanish: its log mends that. */
async function copyFolder(from: string, to: string, own: (path: string) => Promise<void>, isRoot = true) {
  await mkdir(to, { mode: 0o700 });
  await own(to);
  for (const entry of await readdir(from, { withFileTypes: true })) {
    const [source, copy] = [join(from, entry.name), join(to, entry.name)];
    if (isRoot && LEFT_OUT.includes(entry.name)) {
      continue;
    }
    if (!entry.isDirectory()) {
      await copyFile(source, copy)
        .then(() => own(copy))
        .catch(unlessVanished);
    } else if (isRoot && EMPTIED.includes(entry.name)) {
      await mkdir(copy, { mode: 0o700 });
      await own(copy);
    } else {
      await copyFolder(source, copy, own, false).catch(unlessVanished);
    }
  }
}

function unlessVanished(error: NodeJS.ErrnoException): void {
  if (error.code !== 'ENOENT') {
    throw error;
  }
}
