import pg from 'pg';
import { reasonOf } from '../errors';
import { applicationName } from './application-name';
import { DatabaseUnavailable, isOutOfResources } from './errors';

/** Shorter than the time that /readyz gives a check. */
const PROBE_WITHIN_MS = 1_500;

/** Asks a database for an answer, on a new connection. @throws DatabaseUnavailable when there is none soon */
export async function probeDatabase(name: string, url: string): Promise<void> {
  const client = new pg.Client({
    connectionString: url,
    application_name: applicationName(name),
    connectionTimeoutMillis: PROBE_WITHIN_MS,
    query_timeout: PROBE_WITHIN_MS,
  });
  client.on('error', () => {});
  try {
    await client.connect();
    await client.query('SELECT 1');
  } catch (cause) {
    // A server that has no connection left for this is there, and those of the pools may be all that is needed.
    if (isOutOfResources(cause)) {
      return;
    }
    throw new DatabaseUnavailable(`the database does not answer: ${reasonOf(cause)}`, { cause });
  } finally {
    // A server that has not answered would not say goodbye either.
    void client.end().catch(() => {});
  }
}
