import type { ClientAction, HttpInput } from './raw-socket';

/** Well-framed requests with invalid or hostile paths, headers, keys and bodies. */
type Service = HttpInput['to'];

/** Every route that has parameters. */
export const ROUTES = [
  'POST /orders/create/{user_id}',
  'GET /orders/find/{order_id}',
  'POST /orders/addItem/{order_id}/{item_id}/{quantity}',
  'POST /orders/addItem/{order_id}/{item_id}',
  'DELETE /orders/removeItem/{order_id}/{item_id}',
  'DELETE /orders/remove/{order_id}',
  'POST /orders/checkout/{order_id}',
  'POST /orders/batch_init/{n}/{n_items}/{n_users}/{item_price}',
  'GET /payment/find_user/{user_id}',
  'POST /payment/add_funds/{user_id}/{amount}',
  'POST /payment/pay/{user_id}/{amount}',
  'POST /payment/pay/{user_id}/{order_id}/{amount}',
  'POST /payment/cancel/{user_id}/{order_id}',
  'GET /payment/status/{user_id}/{order_id}',
  'POST /payment/status/{user_id}/{order_id}',
  'POST /payment/batch_init/{n}/{starting_money}',
  'POST /stock/item/create/{price}',
  'GET /stock/find/{item_id}',
  'POST /stock/add/{item_id}/{amount}',
  'POST /stock/subtract/{item_id}/{amount}',
  'POST /stock/batch_init/{n}/{starting_stock}/{item_price}',
  'GET /orders/bought/{user_id}/{item_id}',
  'GET /catalog/products/{item_id}',
  'PATCH /catalog/products/{item_id}',
  'GET /catalog/restocks/{restock_id}',
  'POST /catalog/vote/{user_id}/{item_id}/{stars}',
  'GET /catalog/vote/{user_id}/{item_id}',
];

const BAD_IDS: Record<string, string> = {
  nothing: '',
  NUL: '%00',
  'a path traversal': '..%2F..%2Fetc%2Fpasswd',
  SQL: "'%20OR%201=1--",
  'bytes that are not UTF-8': '%ff%fe',
  'an incomplete percent-encoding': '%2',
  '65 characters': 'x'.repeat(65),
  'a forged log line': 'a%0D%0AINFO%20paid',
};
const BAD_NUMBERS: Record<string, string> = {
  nothing: '',
  'a negative number': '-1',
  'a hexadecimal number': '0x10',
  'an exponent': '1e3',
  'a fraction': '1.5',
  '2^31': '2147483648',
  'past 2^53': '9007199254740993',
  'a non-ASCII digit': '%D9%A5',
  'a digit and NUL': '1%00',
};
const json = ['Content-Type: application/json'];
const GOOD: Record<string, string> = { user_id: '@user@', item_id: '@item@', order_id: '@open@' };

function request(line: string, headers: readonly string[] = [], body = ''): string {
  return [`${line} HTTP/1.1`, 'Host: shop', 'Connection: close', ...headers, '', body].join('\r\n');
}

function input(name: string, line: string, headers: readonly string[] = [], body = ''): HttpInput {
  const length = body === '' ? [] : [`Content-Length: ${body.length}`];
  return refused(name, serviceOf(line), [request(line, [...headers, ...length], body)]);
}

function refused(name: string, to: Service, actions: readonly ClientAction[]): HttpInput {
  return { name, to, actions, expected: 'refused' };
}

const serviceOf = (line: string) => /\/(\w+)/.exec(line)?.[1] as Service;

/** Every parameter of every route with each bad value; the other parameters are good. */
const PARAMETERS = ROUTES.flatMap((route) =>
  [...route.matchAll(/\{(\w+)\}/g)].flatMap(([placeholder, name = '']) =>
    Object.entries(placeholder.endsWith('_id}') ? BAD_IDS : BAD_NUMBERS).map(([description, bad]) => {
      const path = route
        .replace(placeholder, () => bad)
        .replaceAll(/\{(\w+)\}/g, (_, other) => GOOD[other] ?? '1');
      const what = `${route} with ${description} for ${name}`;
      return route.startsWith('PATCH') ? input(what, path, json, '{"hidden":true}') : input(what, path);
    }),
  ),
);

const SPECIAL_IDS = ['__proto__', 'constructor', 'toString', 'null', 'undefined', '-', '0'].flatMap((id) =>
  [`GET /stock/find/${id}`, `POST /payment/add_funds/${id}/1`, `POST /orders/checkout/${id}`].map((line) =>
    input(`${line}, which does not exist`, line),
  ),
);

const BAD_KEYS: Record<string, string[]> = {
  'of 256 characters': ['k'.repeat(256)],
  'of 10,000 characters': ['k'.repeat(10_000)],
  'with a space': ['a b'],
  'of spaces in quotes': ['"   "'],
  'with a tab': ['a\tb'],
  'with an unclosed quote': ['"abc'],
  'with a quote inside': ['"a"b"'],
  'of empty quotes': ['""'],
  'with a backslash': ['"a\\"b"'],
  'in UTF-8': ['caf\xc3\xa9'],
  'in Latin-1': ['caf\xe9'],
  'with NUL': ['a\0b'],
  'with an escape sequence': ['a\x1b[2J'],
  twice: ['a', 'b'],
  'that another request used': ['used'],
};
const KEYED = ['POST /orders/create/@poor@', 'POST /payment/add_funds/@user@/5', 'POST /stock/add/@item@/5'];
const KEYS = KEYED.flatMap((line) =>
  Object.entries(BAD_KEYS).map(([what, keys]) =>
    input(
      `${line} with a key ${what}`,
      line,
      keys.map((key) => `Idempotency-Key: ${key}`),
    ),
  ),
);

/** The path asks for 0, which is refused. Nothing else in the request may change the amount. */
const ADD_ZERO = 'POST /stock/add/@item@/0';
const BODIES = [
  input('a body with another amount', ADD_ZERO, json, '{"amount":5}'),
  input('a body with a prototype', ADD_ZERO, json, '{"__proto__":{"amount":5}}'),
  input('a body with a constructor', ADD_ZERO, json, '{"constructor":{"prototype":{"amount":5}}}'),
  input('a body with one key twice', ADD_ZERO, json, '{"amount":0,"amount":5}'),
  input('a body that ends too soon', ADD_ZERO, json, '{"amount":'),
  input('a body of 8,000 brackets', ADD_ZERO, json, '['.repeat(8_000)),
  input('a body that is not text', ADD_ZERO, json, '{"amount":"\xff\xfe\xc0\x80"}'),
  input('a body in UTF-16', ADD_ZERO, ['Content-Type: application/json; charset=utf-16'], '\xff\xfe{\0}\0'),
  input(
    'a body with an entity',
    ADD_ZERO,
    ['Content-Type: text/xml'],
    '<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>',
  ),
  input('a form', ADD_ZERO, ['Content-Type: application/x-www-form-urlencoded'], 'amount=5'),
  input('a multipart body without its boundary', ADD_ZERO, ['Content-Type: multipart/form-data'], '--'),
  input(
    'a body that claims to be compressed',
    ADD_ZERO,
    ['Content-Encoding: gzip'],
    '\x1f\x8b\x08\x00broken',
  ),
  input('a query with another amount', `${ADD_ZERO}?amount=5`),
  input('a query with a prototype', `${ADD_ZERO}?__proto__[amount]=5`),
  input('a query of 1,000 parameters', `${ADD_ZERO}?${'a=1&'.repeat(1_000)}`),
];

const STOCK = 'POST /catalog/products';
const LAMP = '"name":"Lamp","quantity":1,"price":1';
const GOODS = [
  input('a product without a body', STOCK, json),
  input(
    'a product as a form',
    STOCK,
    ['Content-Type: application/x-www-form-urlencoded'],
    'name=Lamp&quantity=1',
  ),
  input('a product in a list', STOCK, json, `[{${LAMP}}]`),
  input('a product whose name is an object', STOCK, json, '{"name":{},"quantity":1,"price":1}'),
  input('a product whose quantity is text', STOCK, json, '{"name":"Lamp","quantity":"1","price":1}'),
  input('a product whose quantity is 1e999', STOCK, json, '{"name":"Lamp","quantity":1e999,"price":1}'),
  input('a product with a NUL in its name', STOCK, json, '{"name":"La\\u0000mp","quantity":1,"price":1}'),
  input('a product with half a character', STOCK, json, `{${LAMP},"description":"\\ud800"}`),
  input('a product with a script for a picture', STOCK, json, `{${LAMP},"picture":"javascript:alert(1)"}`),
  input(
    'a product with a thousand categories',
    STOCK,
    json,
    `{${LAMP},"categories":[${'"a",'.repeat(1_000)}"a"]}`,
  ),
  input(
    'a product with a body of 20,000 characters',
    STOCK,
    json,
    `{${LAMP},"description":"${'x'.repeat(20_000)}"}`,
  ),
  ...[
    'search=%00',
    'search=%ff',
    `search=${'x'.repeat(101)}`,
    'sort[]=name',
    'limit=1e1',
    'cursor=WyJuYW1lIiwiXHUwMDAwIl0',
  ].map((query) => input(`a list with ?${query}`, `GET /catalog/products?${query}`)),
];

const HEADERS = [
  ...['X-HTTP-Method-Override', 'X-HTTP-Method', 'X-Method-Override'].map((name) =>
    input(`a GET that claims in ${name} to be a POST`, 'GET /stock/add/@item@/5', [`${name}: POST`]),
  ),
  ...['X-Original-URL', 'X-Rewrite-URL'].map((name) =>
    input(`${name} with another path`, ADD_ZERO, [`${name}: /stock/add/@item@/5`]),
  ),
  ...['PUT', 'PATCH', 'DELETE', 'TRACE', 'PROPFIND', 'PURGE', 'QUERY'].map((method) =>
    input(`${method} instead of POST`, `${method} /stock/add/@item@/5`),
  ),
  ...['HEAD', 'GET', 'DELETE'].map((method) =>
    input(`${method} of a checkout`, `${method} /orders/checkout/@open@`),
  ),
  ...['everything', '200-ok', ''].map((what) =>
    input(`an expectation of "${what}"`, 'POST /stock/add/@item@/5', [`Expect: ${what}`]),
  ),
  input('an upgrade to h2c', ADD_ZERO, [
    'Connection: Upgrade, HTTP2-Settings',
    'Upgrade: h2c',
    'HTTP2-Settings: AAMAAABkAAQAAP__',
  ]),
  input('an upgrade to a web socket', ADD_ZERO, ['Connection: Upgrade', 'Upgrade: websocket']),
  input('a header with 1,000 ranges', ADD_ZERO, [`Range: bytes=${'0-,'.repeat(1_000)}`]),
  input('an invalid traceparent', ADD_ZERO, ['traceparent: 00-\xff-{jndi:ldap://elsewhere}-01']),
];

const GET = 'GET /stock/find/@item@';
const POST = 'POST /stock/add/@item@/5';
const OVERSIZED = [
  input('a target of 9,000 characters', `GET /stock/find/${'a'.repeat(9_000)}`),
  input('a target of 15,000 characters', `GET /stock/find/${'a'.repeat(15_000)}`),
  input('a target of 30,000 characters', `GET /stock/find/${'a'.repeat(30_000)}`),
  refused('a target of 30,000 characters in three writes', 'stock', [
    ...[
      `GET /stock/find/${'a'.repeat(10_000)}`,
      100,
      'a'.repeat(10_000),
      100,
      `${'a'.repeat(10_000)} HTTP/1.1\r\n\r\n`,
    ],
  ]),
  input('a header of 17,000 characters', GET, [`X-Long: ${'a'.repeat(17_000)}`]),
  input('a header name of 17,000 characters', GET, [`${'a'.repeat(17_000)}: a`]),
  input(
    '3,000 headers',
    GET,
    Array.from({ length: 3_000 }, (_, n) => `X-${n}: a`),
  ),
  input('cookies of 20,000 characters', GET, Array(5).fill(`Cookie: ${'a'.repeat(4_000)}`)),
  input('a method of 17,000 characters', `${'A'.repeat(17_000)} /stock/find/@item@`),
  input('a body of 16 KiB and one byte', POST, [], 'x'.repeat(16_385)),
  input('a body of a megabyte', POST, [], 'x'.repeat(1_000_000)),
  refused('a body that claims to have a terabyte', 'stock', [
    request(POST, ['Content-Length: 1000000000000'], 'x'.repeat(100_000)),
    'HALF_CLOSE',
  ]),
  refused('a body of 20,000 chunks of one byte', 'stock', [
    request(POST, ['Transfer-Encoding: chunked'], `${'1\r\nx\r\n'.repeat(20_000)}0\r\n\r\n`),
  ]),
  refused('a body of a gigabyte that waits for 100 Continue', 'stock', [
    request(POST, ['Content-Length: 1073741824', 'Expect: 100-continue']),
    300,
    'HALF_CLOSE',
  ]),
];

export const REQUESTS: Record<string, HttpInput[]> = {
  'parameters of every route': PARAMETERS,
  'ids that mean something to JavaScript': SPECIAL_IDS,
  'idempotency keys': KEYS,
  'bodies and queries that contradict the path': BODIES,
  'goods and lists': GOODS,
  'methods and headers': HEADERS,
  'oversized requests': OVERSIZED,
};
