import type { ClientAction, HttpInput } from './raw-socket';

/**
 * Requests with ambiguous or invalid framing: two parsers could disagree on where they end (request smuggling). Each would
 * add one unit to an item's stock if it were accepted. Most carry a second request, which would add five, in place of a
 * body.
 */
const CRLF = '\r\n';
const lines = (...parts: string[]) => [...parts, '', ''].join(CRLF);
const add = (...headers: string[]) =>
  lines('POST /stock/add/@item@/1 HTTP/1.1', 'Host: shop', 'Connection: close', ...headers);
const smuggled = lines('POST /stock/add/@item@/5 HTTP/1.1', 'Host: shop', 'Connection: close');
const chunked = 'Transfer-Encoding: chunked';
const END = `0${CRLF}${CRLF}`;

const LENGTHS: Record<string, string> = {
  'a length and chunked encoding': add('Content-Length: 5', chunked) + END + smuggled,
  'chunked encoding and a length': add(chunked, 'Content-Length: 5') + END + smuggled,
  'a length, and chunked encoding after a tab':
    add('Content-Length: 5', 'Transfer-Encoding:\tchunked') + END + smuggled,
  'two lengths that differ': add('Content-Length: 0', 'Content-Length: 5') + smuggled,
  'two lengths that agree': add('Content-Length: 5', 'Content-Length: 5') + smuggled,
  'a list of lengths': add('Content-Length: 5, 5') + smuggled,
  'a negative length': add('Content-Length: -1') + smuggled,
  'a length with a plus': add('Content-Length: +5') + smuggled,
  'a hexadecimal length': add('Content-Length: 0x5') + smuggled,
  'a length with an exponent': add('Content-Length: 1e1') + smuggled,
  'a length without digits': add('Content-Length:') + smuggled,
  'a length with a space in it': add('Content-Length: 1 0') + smuggled,
  'a length with a fraction': add('Content-Length: 5.0') + smuggled,
  'a length past 64 bits': add('Content-Length: 99999999999999999999') + smuggled,
  'a length in non-ASCII digits': add('Content-Length: \xd9\xa5') + smuggled,
  'a space before the colon of the length': add('Content-Length : 5') + smuggled,
};

const ENCODINGS: Record<string, string> = {
  'an encoding that is not chunked': add('Transfer-Encoding: gzip') + END + smuggled,
  'chunked that is not last': add('Transfer-Encoding: chunked, gzip') + END + smuggled,
  'an encoding that only resembles chunked': add('Transfer-Encoding: xchunked') + END + smuggled,
  'chunked in quotes': add('Transfer-Encoding: "chunked"') + END + smuggled,
  'chunked and identity': add(chunked, 'Transfer-Encoding: identity') + END + smuggled,
  'chunked after a vertical tab': add('Transfer-Encoding: \x0bchunked') + END + smuggled,
  'a space before the colon of the encoding': add('Transfer-Encoding : chunked') + END + smuggled,
  'an encoding on a folded line': add('Transfer-Encoding:', ' chunked') + END + smuggled,
  'an encoding folded onto another header': add('X-Other: a', ` ${chunked}`, 'Content-Length: x') + END,
  'a length folded into two lines': add('Content-Length: 1', ' 0') + smuggled,
};

const chunks = (text: string) => add(chunked) + text;
const CHUNKS: Record<string, string> = {
  'a chunk size that is not a number': chunks(`zz${CRLF}${END}`),
  'a negative chunk size': chunks(`-1${CRLF}a${CRLF}${END}`),
  'a chunk size with a plus': chunks(`+1${CRLF}a${CRLF}${END}`),
  'a chunk size with 0x': chunks(`0x1${CRLF}a${CRLF}${END}`),
  'a chunk size with an underscore': chunks(`1_0${CRLF}${'a'.repeat(16)}${CRLF}${END}`),
  'a chunk size past 64 bits': chunks(`1${'0'.repeat(16)}${CRLF}a${CRLF}${END}`),
  'an empty chunk size': chunks(`${CRLF}a${CRLF}${END}`),
  'a space before the chunk size': chunks(` 1${CRLF}a${CRLF}${END}`),
  'a chunk longer than it says': chunks(`1${CRLF}${smuggled}`),
  'a chunk without its CRLF': chunks(`5${CRLF}hello0${CRLF}${CRLF}${smuggled}`),
  'a chunk extension of 20 KB': chunks(`1;${'a'.repeat(20_000)}${CRLF}a${CRLF}${END}`),
  'NUL in a chunk extension': chunks(`1;a=\0${CRLF}a${CRLF}${END}`),
  'a trailer of 17 KB': chunks(`0${CRLF}X-Late: ${'a'.repeat(17_000)}${CRLF}${CRLF}`),
  'a trailer without a colon': chunks(`0${CRLF}X-Late${CRLF}${CRLF}`),
};

const HEADERS: Record<string, string> = {
  'NUL in a header value': add('X-Other: a\0b'),
  'NUL in a header name': add('X-Ot\0her: a'),
  'a lone CR in a header value': add('X-Other: a\rContent-Length: 5'),
  'a control character in a header value': add('X-Other: a\x01'),
  'DEL in a header value': add('X-Other: a\x7f'),
  'a header without a name': add(': a'),
  'a header without a colon': add('X-Other'),
  'a header name with @': add('X@Y: a'),
  'a header name in UTF-8': add('caf\xc3\xa9: a'),
  'a header name with a space': add('X Other: a'),
  'no Host': lines('POST /stock/add/@item@/1 HTTP/1.1', 'Connection: close'),
  'two Host headers': add('Host: other'),
  'a first header that is folded': lines('POST /stock/add/@item@/1 HTTP/1.1', ' X: y', 'Host: shop'),
};

const at = (target: string, method = 'POST') =>
  lines(`${method} ${target} HTTP/1.1`, 'Host: shop', 'Connection: close');
const TARGETS: Record<string, string> = {
  'the metadata address of a cloud provider': at('http://169.254.169.254/latest/meta-data/', 'GET'),
  'a file: URL': at('file:///etc/passwd', 'GET'),
  'an ftp: URL': at('ftp://elsewhere/a', 'GET'),
  'an invalid URL': at('http://[', 'GET'),
  'a URL with a port out of range': at('http://shop:99999/stock/add/@item@/1'),
  'another scheme that ends in http': at('xhttp://shop/stock/add/@item@/1'),
  'a javascript: URL': at('javascript:alert(1)', 'GET'),
  'only a host and port': at('elsewhere:443'),
  'a path without its leading slash': at('stock/add/@item@/1'),
  'a path with two leading slashes': at('//elsewhere/stock/add/@item@/1'),
  'a path with dots': at('/stock/../stock/add/@item@/1'),
  'a path with encoded slashes': at('/stock%2Fadd%2F@item@%2F1'),
  'a path with backslashes': at('/stock\\add\\@item@\\1'),
  'a path in upper case': at('/STOCK/ADD/@item@/1'),
  'a path with a trailing slash': at('/stock/add/@item@/1/'),
  'a path with a parameter': at('/stock/add/@item@/1;a=b'),
  'raw UTF-8 in the path': at('/stock/add/caf\xc3\xa9/1'),
  'NUL in the path': at('/stock/add/@item@/1\0'),
  'a tab in the path': at('/stock/add/@item@/1\t'),
  'a space in the path': at('/stock/add/@item@/1 2'),
  'an asterisk': at('*'),
  nothing: at(''),
};

const STARTS: Record<string, string> = {
  'HTTP/0.9': `POST /stock/add/@item@/1${CRLF}`,
  'HTTP/9.9': lines('POST /stock/add/@item@/1 HTTP/9.9', 'Host: shop'),
  'HTTP/1.2': lines('POST /stock/add/@item@/1 HTTP/1.2', 'Host: shop'),
  'HTTP/1': lines('POST /stock/add/@item@/1 HTTP/1', 'Host: shop'),
  'a version that is misspelt': lines('POST /stock/add/@item@/1 HTPP/1.1', 'Host: shop'),
  'the HTTP/2 preface': `${lines('PRI * HTTP/2.0')}SM${CRLF}${CRLF}`,
  'a method in lower case': at('/stock/add/@item@/1', 'post'),
  'an unknown method': at('/stock/add/@item@/1', 'BREW'),
  'a method with a dollar sign': at('/stock/add/@item@/1', 'PO$T'),
  'only line feeds': `POST /stock/add/@item@/1 HTTP/1.1\nHost: shop\nConnection: close\n\n`,
  'only carriage returns': 'POST /stock/add/@item@/1 HTTP/1.1\rHost: shop\r\r',
  'a TLS ClientHello': `\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03${'\x42'.repeat(500)}`,
  'an SSH greeting': `SSH-2.0-OpenSSH_9.2${CRLF}`,
  'an SMTP greeting': `EHLO elsewhere${CRLF}`,
  'a PostgreSQL SSLRequest': '\0\0\0\x08\x04\xd2\x16\x2f',
  'an AMQP header': 'AMQP\0\0\x09\x01',
  'a Redis PING': `*1${CRLF}$4${CRLF}PING${CRLF}`,
  'bytes of every value': String.fromCharCode(...Array(256).keys()),
  'a megabyte without a line break': 'A'.repeat(1_048_576),
};

const garbage: Record<string, string> = {
  noise: '\x00\xff\x00\xff',
  'half a request': 'POST /stock/add/@item@/5 HT',
  'a request with an ambiguous length': add('Content-Length: 5', chunked),
};
const waitingCheckout = lines('POST /orders/checkout/@waiting@ HTTP/1.1', 'Host: shop');
const AFTER_A_WAITING_CHECKOUT = Object.entries(garbage).map(([name, bytes]) =>
  input(
    `${name}, sent after a checkout that waits`,
    [waitingCheckout, 300, bytes, 300, 'HALF_CLOSE'],
    'orders',
    'refused or closed',
  ),
);
const AFTER_A_REFUSAL = Object.entries(garbage).map(([name, bytes]) =>
  input(
    `${name}, sent with a request that is refused`,
    [lines('POST /stock/add/@item@/0 HTTP/1.1', 'Host: shop') + bytes, 'HALF_CLOSE'],
    'stock',
    'refused or closed',
  ),
);

function input(
  name: string,
  actions: readonly ClientAction[],
  to: HttpInput['to'] = 'stock',
  expected: HttpInput['expected'] = 'refused',
) {
  return { name, to, actions, expected };
}

const inputs = (table: Record<string, string>) =>
  Object.entries(table).map(([name, bytes]) => input(name, [bytes]));

export const FRAMING: Record<string, HttpInput[]> = {
  'ambiguous lengths': inputs(LENGTHS),
  'ambiguous encodings': inputs(ENCODINGS),
  'invalid chunks': inputs(CHUNKS),
  'invalid headers': inputs(HEADERS),
  'foreign and invalid targets': [
    ...inputs(TARGETS),
    // Node.js can only close the connection when a client asks for a tunnel.
    input(
      'a tunnel',
      [lines('CONNECT elsewhere:443 HTTP/1.1', 'Host: elsewhere')],
      'stock',
      'refused or closed',
    ),
  ],
  'bytes that are not the start of a request': inputs(STARTS),
  'garbage after a request': [...AFTER_A_WAITING_CHECKOUT, ...AFTER_A_REFUSAL],
};
