import { readFileSync } from 'node:fs';
import { connect, credentials } from 'amqplib';
import { credentialsOf } from '../credentials';

/**
 * Opens a connection, as amqplib does, but for two parts of the URL.
 *
 * - user and password: amqplib decodes them as Latin-1.
 * - `?cacertfile=PATH` of an amqps:// URL, which RabbitMQ's own clients know: the authorities that may vouch for the broker. The
 *   file is read again for every connection, so it can be replaced while we run.
 */
export const openConnection = (async (url: string, options: object = {}) => {
  const { username, password } = credentialsOf(url);
  const isNamed = username !== '' || password !== '';
  const login = isNamed ? credentials.plain(username, password) : credentials.plain('guest', 'guest');
  const file = new URL(url).searchParams.get('cacertfile');
  if (file === null) {
    return connect(url, { ...options, credentials: login });
  }
  const ca = [readFileSync(file)];
  const connection = await connect(url, { ...options, credentials: login, ca });
  // amqplib takes the same list when it reconnects. Listeners must not throw: it would not try again.
  const readAgain = () => {
    try {
      ca[0] = readFileSync(file);
    } catch {
      // What it said last is more than nothing.
    }
  };
  return connection.on('disconnect', readAgain).on('connect-failed', readAgain);
}) as typeof connect;
