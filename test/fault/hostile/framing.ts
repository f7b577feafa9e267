import type { Act, HttpInput } from './raw-socket';

/**
 * Requests whose frame is a lie: two readers would disagree on where they end. Each would add one unit to an item's
 * stock if it were believed, and most carry a second request, that would add five, where a body should be.
 */
const CRLF = '\r\n';
const lines = (...all: string[]) => [...all, '', ''].join(CRLF);
const add = (...headers: string[]) =>
  lines('POST /stock/add/@item@/1 HTTP/1.1', 'Host: shop', 'Connection: close', ...headers);
const smuggled = lines('POST /stock/add/@item@/5 HTTP/1.1', 'Host: shop', 'Connection: close');
const chunked = 'Transfer-Encoding: chunked';
const END = `0${CRLF}${CRLF}`;

const LENGTHS: Record<string, string> = {
  'a length and chunks': add('Content-Length: 5', chunked) + END + smuggled,
  'chunks and a length': add(chunked, 'Content-Length: 5') + END + smuggled,
  'a length, and chunks behind a tab':
    add('Content-Length: 5', 'Transfer-Encoding:\tchunked') + END + smuggled,
  'two lengths that differ': add('Content-Length: 0', 'Content-Length: 5') + smuggled,
  'two lengths that agree': add('Content-Length: 5', 'Content-Length: 5') + smuggled,
  'a list of lengths': add('Content-Length: 5, 5') + smuggled,
  'a negative length': add('Content-Length: -1') + smuggled,
  'a length with a plus': add('Content-Length: +5') + smuggled,
  'a hexadecimal length': add('Content-Length: 0x5') + smuggled,
  'a length with an exponent': add('Content-Length: 1e1') + smuggled,
  'a length of no digits': add('Content-Length:') + smuggled,
  'a length with a blank in it': add('Content-Length: 1 0') + smuggled,
  'a length with a fraction': add('Content-Length: 5.0') + smuggled,
  'a length past 64 bits': add('Content-Length: 99999999999999999999') + smuggled,
  'a length in foreign digits': add('Content-Length: \xd9\xa5') + smuggled,
  'a blank before the colon of the length': add('Content-Length : 5') + smuggled,
};

const ENCODINGS: Record<string, string> = {
  'an encoding that is not chunked': add('Transfer-Encoding: gzip') + END + smuggled,
  'chunked that is not last': add('Transfer-Encoding: chunked, gzip') + END + smuggled,
  'an encoding that only looks like chunked': add('Transfer-Encoding: xchunked') + END + smuggled,
  'chunked in quotes': add('Transfer-Encoding: "chunked"') + END + smuggled,
  'chunked and identity': add(chunked, 'Transfer-Encoding: identity') + END + smuggled,
  'chunked behind a vertical tab': add('Transfer-Encoding: \x0bchunked') + END + smuggled,
  'a blank before the colon of the encoding': add('Transfer-Encoding : chunked') + END + smuggled,
  'an encoding on a folded line': add('Transfer-Encoding:', ' chunked') + END + smuggled,
  'an encoding folded onto another header': add('X-Other: a', ` ${chunked}`, 'Content-Length: x') + END,
  'a length folded into two': add('Content-Length: 1', ' 0') + smuggled,
};

const chunks = (text: string) => add(chunked) + text;
const CHUNKS: Record<string, string> = {
  'a chunk size that is no number': chunks(`zz${CRLF}${END}`),
  'a negative chunk size': chunks(`-1${CRLF}a${CRLF}${END}`),
  'a chunk size with a plus': chunks(`+1${CRLF}a${CRLF}${END}`),
  'a chunk size with 0x': chunks(`0x1${CRLF}a${CRLF}${END}`),
  'a chunk size with an underscore': chunks(`1_0${CRLF}${'a'.repeat(16)}${CRLF}${END}`),
  'a chunk size past 64 bits': chunks(`1${'0'.repeat(16)}${CRLF}a${CRLF}${END}`),
  'an empty chunk size': chunks(`${CRLF}a${CRLF}${END}`),
  'a blank before the chunk size': chunks(` 1${CRLF}a${CRLF}${END}`),
  'a chunk longer than it says': chunks(`1${CRLF}${smuggled}`),
  'a chunk without its end': chunks(`5${CRLF}hello0${CRLF}${CRLF}${smuggled}`),
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
  'a header name with a blank': add('X Other: a'),
  'no Host': lines('POST /stock/add/@item@/1 HTTP/1.1', 'Connection: close'),
  'two Hosts': add('Host: other'),
  'a first header that is folded': lines('POST /stock/add/@item@/1 HTTP/1.1', ' X: y', 'Host: shop'),
};

const at = (target: string, method = 'POST') =>
  lines(`${method} ${target} HTTP/1.1`, 'Host: shop', 'Connection: close');
const TARGETS: Record<string, string> = {
  'the address of a cloud provider': at('http://169.254.169.254/latest/meta-data/', 'GET'),
  'a file': at('file:///etc/passwd', 'GET'),
  'an ftp server': at('ftp://elsewhere/a', 'GET'),
  'an address that is none': at('http://[', 'GET'),
  'an address with a port past the last': at('http://shop:99999/stock/add/@item@/1'),
  'another scheme that ends in http': at('xhttp://shop/stock/add/@item@/1'),
  'a script': at('javascript:alert(1)', 'GET'),
  'a host alone': at('elsewhere:443'),
  'a path without its slash': at('stock/add/@item@/1'),
  'a path with two slashes': at('//elsewhere/stock/add/@item@/1'),
  'a path with dots': at('/stock/../stock/add/@item@/1'),
  'a path with encoded slashes': at('/stock%2Fadd%2F@item@%2F1'),
  'a path with backslashes': at('/stock\\add\\@item@\\1'),
  'a path in capitals': at('/STOCK/ADD/@item@/1'),
  'a path with one more slash': at('/stock/add/@item@/1/'),
  'a path with a parameter': at('/stock/add/@item@/1;a=b'),
  'raw UTF-8 in the path': at('/stock/add/caf\xc3\xa9/1'),
  'NUL in the path': at('/stock/add/@item@/1\0'),
  'a tab in the path': at('/stock/add/@item@/1\t'),
  'a blank in the path': at('/stock/add/@item@/1 2'),
  'a star': at('*'),
  nothing: at(''),
};

const STARTS: Record<string, string> = {
  'HTTP/0.9': `POST /stock/add/@item@/1${CRLF}`,
  'HTTP/9.9': lines('POST /stock/add/@item@/1 HTTP/9.9', 'Host: shop'),
  'HTTP/1.2': lines('POST /stock/add/@item@/1 HTTP/1.2', 'Host: shop'),
  'HTTP/1': lines('POST /stock/add/@item@/1 HTTP/1', 'Host: shop'),
  'a version that is misspelt': lines('POST /stock/add/@item@/1 HTPP/1.1', 'Host: shop'),
  'the preface of HTTP/2': `${lines('PRI * HTTP/2.0')}SM${CRLF}${CRLF}`,
  'a method in small letters': at('/stock/add/@item@/1', 'post'),
  'a method that is none': at('/stock/add/@item@/1', 'BREW'),
  'a method with a dollar': at('/stock/add/@item@/1', 'PO$T'),
  'only line feeds': `POST /stock/add/@item@/1 HTTP/1.1\nHost: shop\nConnection: close\n\n`,
  'only carriage returns': 'POST /stock/add/@item@/1 HTTP/1.1\rHost: shop\r\r',
  'the greeting of TLS': `\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03${'\x42'.repeat(500)}`,
  'the greeting of SSH': `SSH-2.0-OpenSSH_9.2${CRLF}`,
  'the greeting of SMTP': `EHLO elsewhere${CRLF}`,
  'the greeting of PostgreSQL': '\0\0\0\x08\x04\xd2\x16\x2f',
  'the greeting of AMQP': 'AMQP\0\0\x09\x01',
  'the greeting of Redis': `*1${CRLF}$4${CRLF}PING${CRLF}`,
  'bytes of every value': String.fromCharCode(...Array(256).keys()),
  'a megabyte without a line': 'A'.repeat(1_048_576),
};

const garbage: Record<string, string> = {
  noise: '\x00\xff\x00\xff',
  'half a request': 'POST /stock/add/@item@/5 HT',
  'a request that lies about its length': add('Content-Length: 5', chunked),
};
const held = lines('POST /orders/checkout/@waiting@ HTTP/1.1', 'Host: shop');
const AFTER_A_HELD_CHECKOUT = Object.entries(garbage).map(([name, bytes]) =>
  input(
    `${name}, sent after a checkout that is held`,
    [held, 300, bytes, 300, 'HALF_CLOSE'],
    'orders',
    'cut',
  ),
);
const AFTER_A_REFUSAL = Object.entries(garbage).map(([name, bytes]) =>
  input(
    `${name}, sent with a request that is refused`,
    [lines('POST /stock/add/@item@/0 HTTP/1.1', 'Host: shop') + bytes, 'HALF_CLOSE'],
    'stock',
    'cut',
  ),
);

function input(
  name: string,
  acts: readonly Act[],
  to: HttpInput['to'] = 'stock',
  owed: HttpInput['owed'] = 'refused',
) {
  return { name, to, acts, owed };
}

const all = (table: Record<string, string>) =>
  Object.entries(table).map(([name, bytes]) => input(name, [bytes]));

export const FRAMING: Record<string, HttpInput[]> = {
  'lengths that lie': all(LENGTHS),
  'encodings that lie': all(ENCODINGS),
  'chunks that lie': all(CHUNKS),
  'headers that are none': all(HEADERS),
  'targets that are not ours': [
    ...all(TARGETS),
    // Node knows no other answer to a tunnel that nobody offers than to hang up.
    input('a tunnel', [lines('CONNECT elsewhere:443 HTTP/1.1', 'Host: elsewhere')], 'stock', 'cut'),
  ],
  'what does not begin as a request': all(STARTS),
  'garbage behind a request': [...AFTER_A_HELD_CHECKOUT, ...AFTER_A_REFUSAL],
};
