import { Agent, type AgentOptions } from 'node:https';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Endpoint } from './gateway';
import type { Hop, Route } from './way-in';

const LOOK_EVERY_MS = 1_000;
const CONNECTS_WITHIN_MS = 1_000;
/** So many looks in a row must fail before a pod gets no requests. */
const MAX_MISSED = 2;

interface Upstream extends Hop {
  answeredAt: number;
  missed: number;
  /** Whether new requests go there: the cluster says that it is ready. */
  ready: boolean;
}

/**
 * Reaches the gateway's pods directly, where their network can be reached. It does what a cloud's load balancer does: it
 * follows which pods the cluster says are ready, and tries each one itself, because a cluster notices only after most of
 * a minute that a node is lost. A buyer's connection stays with its pod for as long as that can be used. A pod that is
 * about to end gets no new requests, and answers those that it has.
 * @param list returns the pods that are ready
 */
export async function balanceOver(
  list: () => Promise<Endpoint[]>,
  tls: AgentOptions,
  say: (text: string) => void = () => {},
): Promise<Route> {
  const upstreams = new Map<string, Upstream>();
  let closed = false;
  let turn = 0;

  async function look(): Promise<void> {
    const ready = await list();
    for (const upstream of upstreams.values()) {
      upstream.ready = false;
    }
    for (const endpoint of ready) {
      const key = `${endpoint.host} ${endpoint.port}`;
      // A new one gets requests as soon as it has accepted a connection.
      const known = upstreams.get(key) ?? newUpstream(endpoint);
      upstreams.set(key, Object.assign(known, { ready: true }));
    }
    await Promise.all([...upstreams.values()].map(tryOut));
    for (const [key, { ready, missed, agent }] of upstreams) {
      // What it has been asked gets no answer. One that is about to end accepts nothing either, but answers.
      if (ready && missed === MAX_MISSED && usable().some((other) => other.agent !== agent)) {
        say(`${key} accepts no connections any more; ending those that there are`);
        agent.destroy();
      }
      if (!ready && missed >= MAX_MISSED) {
        upstreams.delete(key);
      }
    }
  }

  function newUpstream(endpoint: Endpoint): Upstream {
    const upstream: Upstream = {
      endpoint,
      agent: new Agent(tls),
      missed: MAX_MISSED,
      ready: true,
      answeredAt: Number.NEGATIVE_INFINITY,
      answered() {
        upstream.answeredAt = performance.now();
      },
    };
    return upstream;
  }

  /** Where there is much to do, a connection can take more than a second. Whoever answers is not lost. */
  async function tryOut(upstream: Upstream): Promise<void> {
    const since = performance.now();
    const isThere = (await accepts(upstream.endpoint)) || upstream.answeredAt > since - LOOK_EVERY_MS;
    upstream.missed = isThere ? 0 : upstream.missed + 1;
  }

  /** When none accepts connections, the fault may be ours, and all that are ready are as good. */
  function usable(): Upstream[] {
    const ready = [...upstreams.values()].filter((upstream) => upstream.ready);
    const healthy = ready.filter(({ missed }) => missed < MAX_MISSED);
    return healthy.length > 0 ? healthy : ready;
  }

  async function keepLooking(): Promise<void> {
    while (!closed) {
      await sleep(LOOK_EVERY_MS, undefined, { ref: false });
      // While the API server does not answer, the last pods that are known are tried.
      await look().catch(() => {});
    }
  }

  await look();
  void keepLooking();
  return {
    next(last) {
      const all = usable();
      return all.find((one) => one === last) ?? all[turn++ % all.length];
    },
    close() {
      closed = true;
      for (const { agent } of upstreams.values()) {
        agent.destroy();
      }
    },
  };
}

/** Whether a connection can be made. */
async function accepts({ host, port }: Endpoint): Promise<boolean> {
  const socket = connect({ host, port });
  try {
    return await new Promise<boolean>((resolve) => {
      socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
      socket.setTimeout(CONNECTS_WITHIN_MS, () => resolve(false));
    });
  } finally {
    socket.destroy();
  }
}
