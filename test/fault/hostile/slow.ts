import type { ClientAction, HttpInput } from './raw-socket';

/** Clients that are slow or go away. The server ends every wait: it allows 10 s for the head and 15 s for the whole request. */
const POST = 'POST /stock/add/@item@/5 HTTP/1.1\r\nHost: shop\r\n';
const LENGTH = `${POST}Content-Length: 1000\r\n\r\n`;
const CHUNKED = `${POST}Transfer-Encoding: chunked\r\n\r\n`;
const drip = (text: string, times: number): ClientAction[] =>
  Array.from({ length: times }, () => [text, 400]).flat();

const slowClients: Record<string, ClientAction[]> = {
  'a connection without any bytes': [],
  'an unfinished request line': ['POST /stock/add'],
  'a head that never ends': [POST],
  'a head without its last byte': [`${POST}\r`],
  'a head that comes byte by byte': [...POST].flatMap((byte) => [byte, 400]),
  'another header every 400 ms': [POST, ...drip('X-More: a\r\n', 60)],
  'a header value that never ends': [`${POST}X-More: `, ...drip('a', 60)],
  'empty lines without end': drip('\r\n', 60),
  'a body that never comes': [LENGTH],
  'a body that comes byte by byte': [LENGTH, ...drip('a', 60)],
  'chunks without end': [CHUNKED, ...drip('1\r\na\r\n', 60)],
  'a chunk size that never ends': [CHUNKED, ...drip('0', 60)],
  'a trailer that never ends': [`${CHUNKED}0\r\nX-Late: `, ...drip('a', 60)],
  'a body that is announced and never sent': [`${POST}Expect: 100-continue\r\nContent-Length: 10\r\n\r\n`],
};

const leavingClients: Record<string, ClientAction[]> = {
  'a connection that is reset at once': ['RESET'],
  'half a request line, then a reset': ['POST /st', 'RESET'],
  'an unfinished head, then a reset': [POST, 50, 'RESET'],
  'half a body, then a reset': [`${LENGTH}half`, 50, 'RESET'],
  'half a chunk, then a reset': [`${CHUNKED}5\r\nab`, 50, 'RESET'],
  'half a request line, then the end': ['POST /st', 'HALF_CLOSE'],
  'an unfinished head, then the end': [POST, 'HALF_CLOSE'],
  'half a body, then the end': [`${LENGTH}half`, 'HALF_CLOSE'],
  'half a chunk, then the end': [`${CHUNKED}5\r\nab`, 'HALF_CLOSE'],
};

const checkout = 'POST /orders/checkout/@waiting@ HTTP/1.1\r\nHost: shop\r\n\r\n';
const leavingWhileWaiting: Record<string, ClientAction[]> = {
  'a checkout that waits, then a reset': [checkout, 200, 'RESET'],
  'ten checkouts that wait on one connection, then a reset': [checkout.repeat(10), 200, 'RESET'],
};

const inputs = (
  table: Record<string, ClientAction[]>,
  to: HttpInput['to'],
  expected: HttpInput['expected'],
): HttpInput[] => Object.entries(table).map(([name, actions]) => ({ name, to, actions, expected }));

export const SLOW: Record<string, HttpInput[]> = {
  'slow clients': inputs(slowClients, 'stock', 'refused'),
  'clients that go away': [
    ...inputs(leavingClients, 'stock', 'refused or closed'),
    ...inputs(leavingWhileWaiting, 'orders', 'refused or closed'),
  ],
};
