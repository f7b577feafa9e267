import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client } from 'pg';
import { root } from '../../../shared/root';
import { type Cause, critical, type Undo, warning } from './cause';
import { databaseOf, type Hands, until } from './hands';
import type { Shop } from './shop';

const POD = 'order-db-0';
const CONTAINER = 'postgres';
const COPY = '/var/lib/postgresql/standby';
/** Of 100, of which services and exporters use some. */
const CONNECTIONS = 78;
const LAG_MB = 200;
/** PostgresReplicaMissing is critical from 5 GiB on. */
const MISSED_MB = 5_400;

/** Causes at the database of order that leave its checkouts alone, but for seconds. They need 6 GB of room in its volume. */
export function databaseCauses({ hands }: Shop): Cause[] {
  const writeLog = (megabytes: number) =>
    hands.sql(
      'order',
      `SELECT count(pg_logical_emit_message(false, 'alert drill', repeat('x', 1048576))) FROM generate_series(1, ${megabytes})`,
    );
  const stop = () =>
    hands.inPod(
      POD,
      CONTAINER,
      'kill -INT $(head -n 1 "$1/postmaster.pid") && while [ -e "$1/postmaster.pid" ]; do sleep 1; done',
      COPY,
    );
  return [
    {
      title: 'a standby of order-db replays nothing',
      alerts: [warning('PostgresReplicaLag', { job: 'order-db' })],
      async bring(undo) {
        await startStandby(hands, undo);
        undo(stop);
        await hands.inPod(POD, CONTAINER, onStandby('SELECT pg_wal_replay_pause()'));
        await writeLog(LAG_MB);
      },
    },
    {
      title: 'a standby of order-db is missing, and much is written',
      alerts: [
        warning('PostgresReplicaMissing', { job: 'order-db' }),
        critical('PostgresReplicaMissing', { job: 'order-db' }),
      ],
      async bring(undo) {
        await startStandby(hands, undo);
        await stop();
        await writeLog(MISSED_MB);
      },
    },
    {
      title: 'most connections of order-db are in use',
      alerts: [warning('PostgresConnectionsNearLimit', { job: 'order-db' })],
      async bring(undo) {
        const [password, port] = await Promise.all([
          hands.secret('order-database-superuser', 'password'),
          hands.forward(POD, 5432, undo),
        ]);
        for (let count = 0; count < CONNECTIONS; count++) {
          const client = new Client({
            host: '127.0.0.1',
            port,
            user: 'postgres',
            password,
            database: 'order',
          });
          client.on('error', () => {});
          await client.connect();
          undo(() => client.end());
        }
      },
    },
    {
      title: "order-db's log cannot be archived",
      alerts: [critical('WalNotArchived', { job: 'order-db' })],
      async bring(undo) {
        const archive = ['-carchive_mode=on', '-carchive_command=false'];
        await hands.change(databaseOf('order'), ({ args = [] }) => ({ args: [...args, ...archive] }), undo);
        await hands.sql('order', 'SELECT pg_switch_wal()');
      },
    },
    {
      title: "a network policy keeps Prometheus out of stock-db's exporter",
      alerts: [warning('ChandleryTargetDown', { job: 'stock-db' })],
      async bring(undo) {
        await hands.closePort('stock-db-exporter', undo);
        // Prometheus keeps its connection, which the policy does not break.
        await hands.replacePods('stock-db-exporter');
      },
    },
  ];
}

const onStandby = (statement: string) =>
  `PGPASSWORD=$POSTGRES_PASSWORD psql --host=/tmp --port=5433 --username=postgres --no-psqlrc --command='${statement}'`;

async function startStandby({ inPod, sql }: Hands, undo: Undo): Promise<void> {
  const script = readFileSync(join(root, 'test/cluster/alerts/standby.sh'), 'utf8');
  undo(() => inPod(POD, CONTAINER, 'rm -rf "$1"', COPY));
  undo(() => dropSlot({ sql }));
  const running = inPod(POD, CONTAINER, script, COPY);
  let failure: unknown;
  running.catch((error) => {
    failure = error;
  });
  await until('a standby streams from order-db', async () => {
    if (failure !== undefined) {
      throw failure;
    }
    return (
      (await sql('order', "SELECT state FROM pg_stat_replication WHERE application_name = 'standby'")) ===
      'streaming'
    );
  });
}

async function dropSlot({ sql }: Pick<Hands, 'sql'>): Promise<void> {
  await sql(
    'order',
    "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = 'standby'",
  );
  // Removes the log that was kept.
  await sql('order', 'CHECKPOINT');
}
