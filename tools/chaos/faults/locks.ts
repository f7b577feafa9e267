import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from 'pg';
import type { ParticipantName } from '../../../shared/services';
import { connectTo, query } from '../rig/query';
import type { Rig } from '../rig/rig';
import { exclusively, type Fault } from './fault';

const ROW_LOCK_MS = 30_000;
const TABLE_LOCK_MS = 4_000;

/** A row that checkouts will need soon. */
interface WantedRow {
  service: ParticipantName;
  name: string;
  /** Locks the row, or writes it, in a transaction that is never committed. It returns the row, or none if there is none. */
  lock: string;
}

/** What was bought last is bought again soon, and what is in flight is about to end. */
const wantedRows: readonly WantedRow[] = [
  {
    service: 'stock',
    name: 'items',
    lock: `SELECT id FROM items WHERE id = (SELECT item_id FROM stock_ledger ORDER BY id DESC LIMIT 1) FOR UPDATE`,
  },
  {
    service: 'payment',
    name: 'users',
    lock: `SELECT id FROM users WHERE id = (SELECT user_id FROM credit_ledger ORDER BY id DESC LIMIT 1) FOR UPDATE`,
  },
  {
    service: 'order',
    name: 'orders',
    lock: `SELECT id FROM orders
           WHERE id = (SELECT order_id FROM sagas WHERE state = 'PENDING' ORDER BY opened_at DESC LIMIT 1) FOR UPDATE`,
  },
  {
    service: 'order',
    name: 'sagas',
    lock: `SELECT id FROM sagas WHERE state = 'PENDING' ORDER BY opened_at DESC LIMIT 1 FOR UPDATE SKIP LOCKED`,
  },
  {
    service: 'stock',
    name: 'reservations',
    lock: `SELECT saga_id FROM reservations WHERE state IN ('RESERVED', 'WAITING')
           ORDER BY created_at DESC LIMIT 1 FOR UPDATE SKIP LOCKED`,
  },
  {
    service: 'payment',
    name: 'charges',
    lock: `SELECT saga_id FROM charges ORDER BY created_at DESC LIMIT 1 FOR UPDATE`,
  },
];

const lockedRow = ({ service, name, lock }: WantedRow): Fault => ({
  name: `a stranger locks a row of ${name} for ${ROW_LOCK_MS / 1_000} s`,
  kind: `stranger's lock on a row`,
  lastsMs: ROW_LOCK_MS,
  minGapMs: ROW_LOCK_MS / 2,
  inject: ({ rig, markInjected }) => hold(rig, service, lock, [], ROW_LOCK_MS, markInjected),
});

/**
 * Checkouts that want to insert the same key wait for it, and no lock on a row is to be seen. The keys are those of
 * sagas that are in flight; those that payment has decided are left alone.
 */
const uncommittedRow: Fault = {
  name: `a stranger inserts charges and does not commit them for ${ROW_LOCK_MS / 1_000} s`,
  kind: `stranger's lock on a row`,
  lastsMs: ROW_LOCK_MS,
  minGapMs: ROW_LOCK_MS / 2,
  async inject({ rig, markInjected }) {
    const sagas = await query<{ id: string }>(
      rig.databases.url('order'),
      `SELECT id FROM sagas WHERE state = 'PENDING' ORDER BY opened_at DESC LIMIT 20`,
    );
    const insert = `INSERT INTO charges (saga_id, order_id, user_id, amount, state, reason)
      SELECT id, 'stranger', 'stranger', 1, 'CANCELLED', 'cancelled' FROM unnest($1::uuid[]) AS id
      ON CONFLICT DO NOTHING RETURNING saga_id`;
    await hold(rig, 'payment', insert, [sagas.map(({ id }) => id)], ROW_LOCK_MS, markInjected);
  },
};

const lockedTable = ({ service, name }: WantedRow): Fault => ({
  name: `a stranger locks the table ${name} against writing for ${TABLE_LOCK_MS / 1_000} s`,
  kind: `stranger's lock on a table`,
  inject: ({ rig, markInjected }) =>
    hold(rig, service, `LOCK TABLE ${name} IN SHARE MODE`, [], TABLE_LOCK_MS, markInjected),
});

/** Takes a lock, keeps it, and gives it back. It is given back earlier when another fault ends the connection. */
async function hold(
  rig: Rig,
  service: ParticipantName,
  lock: string,
  values: unknown[],
  forMs: number,
  markInjected: () => void,
): Promise<void> {
  let client: Client | undefined;
  try {
    // Not while another fault takes PostgreSQL away. Once the lock is held, that may happen.
    const taken = await exclusively('postgres', async () => {
      client = await connectTo(rig.databases.url(service));
      await client.query('BEGIN');
      const { command, rowCount } = await client.query(lock, values);
      return command === 'LOCK' || rowCount !== 0;
    });
    if (!taken) {
      return;
    }
    markInjected();
    const lost = new Promise((resolve) => client?.once('end', resolve));
    await Promise.race([sleep(forMs), lost]);
  } finally {
    // Closing the connection rolls back.
    await client?.end().catch(() => {});
  }
}

export const lockFaults: Fault[] = [
  ...wantedRows.map(lockedRow),
  uncommittedRow,
  ...wantedRows.map(lockedTable),
];
