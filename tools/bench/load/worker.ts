// The process that makes the load, apart from everything else so that its own cost can be told from the shop's. It
// does what it is asked for by its parent, again and again, until the parent leaves.
import { setTimeout as sleep } from 'node:timers/promises';
import { Connection } from './connection';
import { Measurement } from './measurement';
import type { LoadMessage, LoadRequest, LoadResult } from './protocol';

/** As many as a server of Node's lets wait until they are accepted. TCP tries those beyond again, but a second later. */
const AT_ONCE = 512;

const tell = (message: LoadMessage) => process.send?.(message);

process.on('message', (request: LoadRequest) => {
  void run(request).then((result) => tell({ event: 'done', result }));
});
process.on('disconnect', () => process.exit());

async function run(request: LoadRequest): Promise<LoadResult> {
  const { urls, connections: count, first, end, warmUpMs, forMs, perSecond } = request;
  const connections = Array.from(
    // One connection more than there are orders would have nothing to do.
    { length: Math.min(count, end - first) },
    (_, i) => new Connection(urls[i % urls.length] as string),
  );
  const measurement = new Measurement();
  const orders = new Orders(first, end);
  await introduce(connections.slice(AT_ONCE), orders, measurement);
  const over = new AbortController();
  const timing = keepTime(measurement, over, { warmUpMs, forMs });
  const load = perSecond === undefined ? closedLoop : openLoop(perSecond);
  await load(connections, orders, measurement, over.signal);
  // The orders may have run out before the time has.
  over.abort();
  await timing;
  const bytes = connections.map((connection) => connection.bytes());
  await Promise.all(connections.map((connection) => connection.close()));
  const total = (which: 'sent' | 'received') => bytes.reduce((sum, one) => sum + one[which], 0);
  return measurement.result(orders.taken, { sent: total('sent'), received: total('received') });
}

/** Before the time begins, a checkout on each of these connections, so that no more than AT_ONCE are ever new. */
async function introduce(
  connections: readonly Connection[],
  orders: Orders,
  measurement: Measurement,
): Promise<void> {
  for (let i = 0; i < connections.length; i += AT_ONCE) {
    const checkOuts = connections.slice(i, i + AT_ONCE).map(
      (connection) =>
        new Promise<void>((done) => {
          // There is one for each: there are no more connections than orders.
          connection.checkOut(orders.take() as number, (answer) => {
            measurement.answer(answer);
            done();
          });
        }),
    );
    await Promise.all(checkOuts);
  }
}

async function keepTime(
  measurement: Measurement,
  over: AbortController,
  { warmUpMs, forMs }: { warmUpMs: number; forMs: number },
): Promise<void> {
  const patient = { signal: over.signal };
  await sleep(warmUpMs, undefined, patient).catch(() => {});
  measurement.begin();
  tell({ event: 'begin' });
  await sleep(forMs, undefined, patient).catch(() => {});
  // Nothing can be said of a stretch without an answer; the first one may take longer on a machine that is busy.
  while (!over.signal.aborted && !measurement.hasAnswers) {
    await sleep(10);
  }
  measurement.end();
  tell({ event: 'end' });
  over.abort();
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
  over: AbortSignal,
) => Promise<void>;

/** Each connection asks, waits for the answer, and asks again. */
const closedLoop: Loop = async (connections, orders, measurement, over) => {
  const everybody = connections.map(
    (connection) =>
      new Promise<void>((leave) => {
        const next = () => {
          const order = over.aborted ? undefined : orders.take();
          if (order === undefined) {
            return leave();
          }
          const asked = performance.now();
          connection.checkOut(order, (answer) => {
            const now = performance.now();
            if (measurement.includes(now)) {
              measurement.took(now - asked);
            }
            measurement.answer(answer);
            next();
          });
        };
        next();
      }),
  );
  await Promise.all(everybody);
};

/** Timers are no finer than this; latency counts from when a checkout was due, so what they are late is in it. */
const TICK_MS = 1;

/** Whoever is due takes a connection that is free, or the next one to become so. */
const openLoop =
  (perSecond: number): Loop =>
  async (connections, orders, measurement, over) => {
    const free = [...connections];
    const waiting: { order: number; due: number }[] = [];
    let open = 0;
    const go = (connection: Connection, { order, due }: { order: number; due: number }) => {
      open++;
      connection.checkOut(order, (answer) => {
        open--;
        if (measurement.includes(due)) {
          measurement.took(performance.now() - due);
        }
        measurement.answer(answer);
        const next = waiting.shift();
        if (next) {
          go(connection, next);
        } else {
          free.push(connection);
        }
      });
    };
    const began = performance.now();
    for (let arrived = 0; !over.aborted; await sleep(TICK_MS)) {
      for (; began + (arrived * 1_000) / perSecond <= performance.now(); arrived++) {
        const order = orders.take();
        if (order === undefined) {
          break;
        }
        const arrival = { order, due: began + (arrived * 1_000) / perSecond };
        const connection = free.pop();
        if (connection) {
          go(connection, arrival);
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
