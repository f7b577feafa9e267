// The process that makes a flood. It runs apart, so that it does not delay the clients that are measured.
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Answers, Flood, FloodMessage } from './protocol';

/** A Node.js server queues at most this many unaccepted connections. TCP retries the others only after a second. */
const AT_ONCE = 512;
const REOPEN_AFTER_MS = 10;
/** Longer than what `ANSWER` matches, which may arrive in two pieces. */
const PIECE = 64;
/** Every refusal has one reason in its body. */
const ANSWER = /HTTP\/1\.1 (?!503)(\d{3})|"reason":"(\w+)"/g;

const send = (message: FloodMessage) => process.send?.(message);
const answers: Answers = {};
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
  const open = (count: number, onAnswer: (socket: Socket) => void) => openAll(port, count, onAnswer);
  const asking = await open(clients, (socket) => !isOver && socket.write(request));
  const pipelined = await open(pipelining.connections, () => undefined);
  for (const socket of pipelined) {
    socket.write(line);
  }
  for (const socket of asking) {
    keepAsking(socket, port, request);
  }
  send({ event: 'begun' });
}

async function openAll(port: number, count: number, onAnswer: (socket: Socket) => void): Promise<Socket[]> {
  const sockets: Socket[] = [];
  while (sockets.length < count) {
    const some = Array.from({ length: Math.min(AT_ONCE, count - sockets.length) }, () =>
      open(port, onAnswer),
    );
    sockets.push(...(await Promise.all(some)));
  }
  return sockets;
}

async function open(port: number, onAnswer: (socket: Socket) => void): Promise<Socket> {
  const socket = connect(port, '127.0.0.1').setNoDelay();
  let rest = '';
  socket.on('data', (data) => {
    const text = rest + data.toString('latin1');
    let end = 0;
    for (const { 0: found, 1: status, 2: reason, index } of text.matchAll(ANSWER)) {
      const answer = status ?? `503 ${reason}`;
      answers[answer] = (answers[answer] ?? 0) + 1;
      end = index + found.length;
      onAnswer(socket);
    }
    rest = text.slice(Math.max(end, text.length - PIECE));
  });
  socket.on('error', () => undefined);
  await Promise.race([once(socket, 'connect'), once(socket, 'close')]).catch(() => undefined);
  return socket;
}

/** Sends the first request. If the connection is closed, another one takes its place. */
function keepAsking(socket: Socket, port: number, request: string): void {
  socket.write(request);
  socket.once('close', async () => {
    await sleep(REOPEN_AFTER_MS);
    if (!isOver) {
      keepAsking(await open(port, (next) => !isOver && next.write(request)), port, request);
    }
  });
}
