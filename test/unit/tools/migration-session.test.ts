import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { afterEach, expect, test } from '@jest/globals';
import { withSession } from '../../../tools/deploy/migration-session';
import { until } from '../../support/until';

/** A server that lets everybody in, and then does something else than what it is asked for. */

let server: Server | undefined;
afterEach(() => {
  server?.close();
});

const message = (type: string, body: string) => {
  const head = Buffer.alloc(5);
  head.write(type);
  head.writeInt32BE(body.length + 4, 1);
  return Buffer.concat([head, Buffer.from(body)]);
};
const READY = message('Z', 'I');
const WELCOME = Buffer.concat([message('R', '\0\0\0\0'), READY]);
const refusal = (code: string, text: string) =>
  Buffer.concat([message('E', `SERROR\0VERROR\0C${code}\0M${text}\0\0`), READY]);

/** @param answer does something with a statement of one of the connections, which are counted from 1 on */
async function serve(answer: (connection: Socket, statement: string, count: number) => void) {
  let count = 0;
  const open = new Set<Socket>();
  server = createServer((socket) => {
    const number = ++count;
    open.add(socket);
    socket.on('error', () => {}).on('close', () => open.delete(socket));
    socket.once('data', () => {
      socket.write(WELCOME);
      socket.on('data', (data) => {
        if (data.toString('latin1', 0, 1) === 'Q') {
          answer(socket, data.toString('utf8', 5, data.length - 1), number);
        } else {
          socket.end();
        }
      });
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `postgresql://order:secret@127.0.0.1:${(server.address() as AddressInfo).port}/order`;
  return { url, open, count: () => count };
}

const DONE = Buffer.concat([message('C', 'SET\0'), READY]);

async function session(url: string, waitMs: number) {
  const said: string[] = [];
  const failure = await withSession(
    url,
    { name: 'migrate', waitMs, say: (text) => said.push(text) },
    async () => {},
  ).catch((error: Error) => error);
  return { failure: failure as Error, said };
}

test.each(['SET statement_timeout', 'SET client_connection_check_interval'])(
  'tries again when the server goes away before it answers %s, and says why',
  async (lost) => {
    const { url, open, count } = await serve((connection, statement, number) => {
      if (number > 1) {
        connection.write(refusal('28000', 'no more'));
      } else if (statement.startsWith(lost)) {
        connection.destroy();
      } else {
        connection.write(DONE);
      }
    });
    const { failure, said } = await session(url, 10_000);
    expect(said).toEqual([expect.stringMatching(/127\.0\.0\.1:\d+ .*Connection terminated.* Trying again/)]);
    expect(failure.message).toContain('no more');
    expect(failure).not.toBeInstanceOf(TypeError);
    expect(count()).toBe(2);
    await until(() => open.size === 0);
  },
);

test('does without what the platform of the server cannot do', async () => {
  const statements: string[] = [];
  const { url } = await serve((connection, statement) => {
    statements.push(statement);
    connection.write(
      statement.startsWith('SET client_connection_check')
        ? refusal('22023', 'must be set to 0')
        : statement.startsWith('SET')
          ? DONE
          : refusal('XX000', 'reached'),
    );
  });
  const { failure } = await session(url, 0);
  expect(failure.message).toContain('reached');
  expect(statements.at(-1)).toContain('pg_backend_pid');
});
