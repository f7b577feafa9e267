import { Client } from 'pg';
import { query } from '../../support/books';
import { until } from '../../support/until';

/** The part of node-postgres' connection that its types leave out. */
interface Wire {
  connection: { sendCopyFromChunk(chunk: Buffer): void };
}

/**
 * Follows a PostgreSQL server's write-ahead log as a standby does, as far as the server can tell, but never advances.
 * The server sees a replica that falls behind. The replica has a slot, as CloudNativePG gives one to each.
 * @returns a function that disconnects, and drops the slot
 */
export async function followPrimary(url: string, name: string): Promise<() => Promise<void>> {
  const client = new Client({
    connectionString: url,
    replication: 'true',
    application_name: name,
    // It reports its position only once. After a minute without another report, the server would end the connection.
    options: '-c wal_sender_timeout=0',
  } as object);
  await client.connect();
  const slot = name.replaceAll('-', '_');
  await client.query(`CREATE_REPLICATION_SLOT ${slot} PHYSICAL RESERVE_WAL`);
  const { rows } = await client.query<{ xlogpos: string }>('IDENTIFY_SYSTEM');
  const start = rows[0]?.xlogpos as string;
  // The server answers this when replication ends, which here is when the connection ends.
  client.query(`START_REPLICATION SLOT ${slot} PHYSICAL ${start}`).catch(() => {});
  client.on('error', () => {});
  (client as unknown as Wire).connection.sendCopyFromChunk(statusUpdate(start));
  return async () => {
    await client.end();
    await dropSlot(url, slot);
  };
}

/** The server may take a moment to notice that the replica is gone; until then the slot is in use. */
async function dropSlot(url: string, slot: string): Promise<void> {
  await until(async () => {
    const found = await query<{ active: boolean }>(
      url,
      `SELECT active FROM pg_replication_slots WHERE slot_name = '${slot}'`,
    );
    return found[0]?.active === false;
  });
  await query(url, `SELECT pg_drop_replication_slot('${slot}')`);
}

/** "Standby status update" of PostgreSQL's streaming replication protocol: all is flushed and applied up to here. */
function statusUpdate(position: string): Buffer {
  const [high = '0', low = '0'] = position.split('/');
  const lsn = (BigInt(`0x${high}`) << 32n) | BigInt(`0x${low}`);
  const message = Buffer.alloc(34);
  message.write('r');
  for (const offset of [1, 9, 17]) {
    message.writeBigUInt64BE(lsn, offset);
  }
  return message;
}
