// The process that makes a flood. It runs apart, so that it does not delay the clients that are measured.
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Answers, Flood, FloodMessage } from './protocol';

/** Few enough that each is accepted and answered before the flood, and hardly any is refused. */
const AT_ONCE = 100;
const REOPEN_AFTER_MS = 10;
const REFUSED_MS = 1_000;
const TIMEOUT_MS = 30_000;
/** Longer than what `ANSWER` matches, which may arrive in two pieces. */
const PIECE = 64;
/** Every refusal has one reason in its body. */
const ANSWER = /HTTP\/1\.1 (?!503)(\d{3})|"reason":"(\w+)"/g;

const send = (message: FloodMessage) => process.send?.(message);
let answers: Answers = {};
let isOver = false;

process.on('message', (message: Flood | 'stop') => {
  if (message === 'stop') {
    isOver = true;
    send({ event: 'stopped', answers });
  } else {
    void begin(message);
  }
});
process.on('disconnect', () => process.exit());

async function begin({ port, path, pipelining, clients }: Flood): Promise<void> {
  const request = `GET ${path} HTTP/1.1\r\nHost: shop\r\n\r\n`;
  const line = Buffer.from(request.repeat(pipelining.requests));
  const asking = await openAll(port, clients, request);
  const pipelined = await openAll(port, pipelining.connections, request);
  answers = {};
  for (const socket of pipelined) {
    socket.write(line);
  }
  for (const socket of asking) {
    keepAsking(socket, port, request);
  }
  send({ event: 'begun' });
}

/** Opens connections, and waits until a request on each has been answered: before that, it may not be accepted yet. */
async function openAll(port: number, count: number, request: string): Promise<Socket[]> {
  const sockets: Socket[] = [];
  while (sockets.length < count) {
    const some = Array.from({ length: Math.min(AT_ONCE, count - sockets.length) }, () =>
      openAccepted(port, request),
    );
    sockets.push(...(await Promise.all(some)));
  }
  return sockets;
}

/** Opens a connection whose first request is answered 200. A busy service may refuse a few first. */
async function openAccepted(port: number, request: string): Promise<Socket> {
  const until = Date.now() + TIMEOUT_MS;
  let said = 'nothing';
  while (Date.now() < until) {
    const socket = await open(port);
    const answered = once(socket, 'answer').then(([answer]) => String(answer));
    socket.write(request);
    said = await Promise.race([
      answered,
      once(socket, 'close').then(() => 'the end of the connection'),
      sleep(TIMEOUT_MS, 'nothing', { ref: false }),
    ]);
    if (said === '200') {
      return socket;
    }
    socket.destroy();
    await sleep(REFUSED_MS);
  }
  throw new Error(`A connection of the flood was answered ${said} before the flood.`);
}

/** Opens a connection that emits "answer" for each answer. */
async function open(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1').setNoDelay();
  let rest = '';
  socket.on('data', (data) => {
    const text = rest + data.toString('latin1');
    let end = 0;
    for (const { 0: found, 1: status, 2: reason, index } of text.matchAll(ANSWER)) {
      const answer = status ?? `503 ${reason}`;
      answers[answer] = (answers[answer] ?? 0) + 1;
      end = index + found.length;
      socket.emit('answer', answer);
    }
    rest = text.slice(Math.max(end, text.length - PIECE));
  });
  socket.on('error', () => undefined);
  await Promise.race([once(socket, 'connect'), once(socket, 'close')]).catch(() => undefined);
  return socket;
}

/** Sends one request after the other. If the connection is closed, another one takes its place. */
function keepAsking(socket: Socket, port: number, request: string): void {
  socket.on('answer', () => !isOver && socket.write(request)).write(request);
  socket.once('close', async () => {
    await sleep(REOPEN_AFTER_MS);
    if (!isOver) {
      keepAsking(await open(port), port, request);
    }
  });
}
