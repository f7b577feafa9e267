import { connect, credentials } from 'amqplib';
import { credentialsOf } from '../credentials';

/** Opens a connection, as amqplib does, but for the URL's user and password: amqplib decodes them as Latin-1. */
export const openConnection = ((url: string, options: object = {}) => {
  const { username, password } = credentialsOf(url);
  const isNamed = username !== '' || password !== '';
  const login = isNamed ? credentials.plain(username, password) : credentials.plain('guest', 'guest');
  return connect(url, { ...options, credentials: login });
}) as typeof connect;
