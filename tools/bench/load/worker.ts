// The process that makes the load. It runs apart from everything else, so that its cost is not counted as the shop's.
// It serves its parent's requests, one after the other, until the parent disconnects.
import { setTimeout as sleep } from 'node:timers/promises';
import { Connection } from './connection';
import { Measurement } from './measurement';
import type { LoadMessage, LoadRequest, LoadResult } from './protocol';

/** A Node.js server queues at most this many unaccepted connections. TCP retries the others only after a second. */
const AT_ONCE = 512;

const send = (message: LoadMessage) => process.send?.(message);

process.on('message', (request: LoadRequest) => {
  void run(request).then((result) => send({ event: 'done', result }));
});
process.on('disconnect', () => process.exit());

async function run(request: LoadRequest): Promise<LoadResult> {
  const { urls, connections: count, first, end, warmUpMs, forMs, perSecond, authorize } = request;
  const tokenOf = authorize && ((order: number) => authorize.tokens[authorize.buyerOf[order] ?? 0] ?? '');
  const connections = Array.from(
    // More connections than orders would have nothing to do.
    { length: Math.min(count, end - first) },
    (_, i) => new Connection(urls[i % urls.length] as string, tokenOf),
  );
  const measurement = new Measurement();
  const orders = new Orders(first, end);
  await openGradually(connections.slice(AT_ONCE), orders, measurement);
  const stop = new AbortController();
  const timing = keepTime(measurement, stop, { warmUpMs, forMs });
  const loop = perSecond === undefined ? closedLoop : openLoop(perSecond);
  await loop(connections, orders, measurement, stop.signal);
  // The orders may have run out before the time.
  stop.abort();
  await timing;
  const bytes = connections.map((connection) => connection.bytes());
  await Promise.all(connections.map((connection) => connection.close()));
  const total = (which: 'sent' | 'received') => bytes.reduce((sum, counts) => sum + counts[which], 0);
  return measurement.result(orders.taken, { sent: total('sent'), received: total('received') });
}

/** Opens each connection with a checkout before the warm-up begins, so that no more than AT_ONCE are new at a time. */
async function openGradually(
  connections: readonly Connection[],
  orders: Orders,
  measurement: Measurement,
): Promise<void> {
  for (let i = 0; i < connections.length; i += AT_ONCE) {
    const checkOuts = connections.slice(i, i + AT_ONCE).map(
      (connection) =>
        new Promise<void>((resolve) => {
          // Every connection gets an order: there are no more connections than orders.
          connection.checkOut(orders.take() as number, (answer) => {
            measurement.countAnswer(answer);
            resolve();
          });
        }),
    );
    await Promise.all(checkOuts);
  }
}

/** Marks the measured part after the warm-up, then stops the load. */
async function keepTime(
  measurement: Measurement,
  stop: AbortController,
  { warmUpMs, forMs }: { warmUpMs: number; forMs: number },
): Promise<void> {
  const { signal } = stop;
  await sleep(warmUpMs, undefined, { signal }).catch(() => {});
  measurement.begin();
  send({ event: 'begin' });
  await sleep(forMs, undefined, { signal }).catch(() => {});
  // A period without an answer measures nothing, and on a busy machine the first answer may take longer.
  while (!signal.aborted && !measurement.hasAnswers) {
    await sleep(10);
  }
  measurement.end();
  send({ event: 'end' });
  stop.abort();
}

class Orders {
  taken = 0;
  constructor(
    private readonly first: number,
    private readonly end: number,
  ) {}
  get exhausted(): boolean {
    return this.first + this.taken >= this.end;
  }
  take(): number | undefined {
    return this.first + this.taken < this.end ? this.first + this.taken++ : undefined;
  }
}

type Loop = (
  connections: readonly Connection[],
  orders: Orders,
  measurement: Measurement,
  stop: AbortSignal,
) => Promise<void>;

/** Each connection sends a checkout, waits for the answer, and sends the next one. */
const closedLoop: Loop = async (connections, orders, measurement, stop) => {
  const loops = connections.map(
    (connection) =>
      new Promise<void>((resolve) => {
        const next = () => {
          const order = stop.aborted ? undefined : orders.take();
          if (order === undefined) {
            return resolve();
          }
          const sentAt = performance.now();
          connection.checkOut(order, (answer) => {
            const now = performance.now();
            if (measurement.includes(now)) {
              measurement.recordLatency(now - sentAt);
            }
            measurement.countAnswer(answer);
            next();
          });
        };
        next();
      }),
  );
  await Promise.all(loops);
};

/** Timers are no finer than this. Latency counts from when a checkout was due, so it includes a late timer. */
const TICK_MS = 1;

/** A checkout that is due takes a free connection, or waits for the next one that becomes free. */
const openLoop =
  (perSecond: number): Loop =>
  async (connections, orders, measurement, stop) => {
    const free = [...connections];
    const waiting: { order: number; due: number }[] = [];
    let open = 0;
    const checkOut = (connection: Connection, { order, due }: { order: number; due: number }) => {
      open++;
      connection.checkOut(order, (answer) => {
        open--;
        if (measurement.includes(due)) {
          measurement.recordLatency(performance.now() - due);
        }
        measurement.countAnswer(answer);
        const next = waiting.shift();
        if (next) {
          checkOut(connection, next);
        } else {
          free.push(connection);
        }
      });
    };
    const began = performance.now();
    for (let arrived = 0; !stop.aborted; await sleep(TICK_MS)) {
      for (; began + (arrived * 1_000) / perSecond <= performance.now(); arrived++) {
        const order = orders.take();
        if (order === undefined) {
          break;
        }
        const arrival = { order, due: began + (arrived * 1_000) / perSecond };
        const connection = free.pop();
        if (connection) {
          checkOut(connection, arrival);
        } else {
          waiting.push(arrival);
        }
      }
      if (orders.exhausted) {
        break;
      }
    }
    while (open > 0 || waiting.length > 0) {
      await sleep(TICK_MS);
    }
  };
