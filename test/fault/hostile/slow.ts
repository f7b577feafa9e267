import type { Act, HttpInput } from './raw-socket';

/** Clients who take their time, or go away. Every wait is ended by the server, which gives a head 10 s and all of a request 15. */
const POST = 'POST /stock/add/@item@/5 HTTP/1.1\r\nHost: shop\r\n';
const LENGTH = `${POST}Content-Length: 1000\r\n\r\n`;
const CHUNKED = `${POST}Transfer-Encoding: chunked\r\n\r\n`;
const drop = (text: string, times: number): Act[] => Array.from({ length: times }, () => [text, 400]).flat();

const waits: Record<string, Act[]> = {
  'a connection on which nothing is ever said': [],
  'a start without an end': ['POST /stock/add'],
  'a head without an end': [POST],
  'a head without its last byte': [`${POST}\r`],
  'a head that comes by the byte': [...POST].flatMap((byte) => [byte, 400]),
  'a header that comes every moment': [POST, ...drop('X-More: a\r\n', 60)],
  'a header value that never ends': [`${POST}X-More: `, ...drop('a', 60)],
  'empty lines for ever': drop('\r\n', 60),
  'a body that never comes': [LENGTH],
  'a body that comes by the byte': [LENGTH, ...drop('a', 60)],
  'chunks without an end': [CHUNKED, ...drop('1\r\na\r\n', 60)],
  'a chunk size that never ends': [CHUNKED, ...drop('0', 60)],
  'a trailer that never ends': [`${CHUNKED}0\r\nX-Late: `, ...drop('a', 60)],
  'a body that is promised and not sent': [`${POST}Expect: 100-continue\r\nContent-Length: 10\r\n\r\n`],
};

const goings: Record<string, Act[]> = {
  'a connection that is reset at once': ['RESET'],
  'a start, and a reset': ['POST /st', 'RESET'],
  'a head, and a reset': [POST, 50, 'RESET'],
  'half a body, and a reset': [`${LENGTH}half`, 50, 'RESET'],
  'half a chunk, and a reset': [`${CHUNKED}5\r\nab`, 50, 'RESET'],
  'a start, and no more': ['POST /st', 'HALF_CLOSE'],
  'half a head, and no more': [POST, 'HALF_CLOSE'],
  'half a body, and no more': [`${LENGTH}half`, 'HALF_CLOSE'],
  'half a chunk, and no more': [`${CHUNKED}5\r\nab`, 'HALF_CLOSE'],
};

const held = 'POST /orders/checkout/@waiting@ HTTP/1.1\r\nHost: shop\r\n\r\n';
const leavers: Record<string, Act[]> = {
  'a checkout that is held, and a reset': [held, 200, 'RESET'],
  'ten checkouts that are held on one connection, and a reset': [held.repeat(10), 200, 'RESET'],
};

const inputs = (table: Record<string, Act[]>, to: HttpInput['to'], owed: HttpInput['owed']): HttpInput[] =>
  Object.entries(table).map(([name, acts]) => ({ name, to, acts, owed }));

export const SLOW: Record<string, HttpInput[]> = {
  'clients who take their time': inputs(waits, 'stock', 'refused'),
  'clients who go away': [...inputs(goings, 'stock', 'cut'), ...inputs(leavers, 'orders', 'cut')],
};
