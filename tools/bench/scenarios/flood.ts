import { startGateway } from '../../chaos/rig/gateway';
import { flooding } from '../flood/flood';
import { readCalmly, scraping } from '../flood/others';
import type { Answers, Flood } from '../flood/protocol';
import { readPeakMemory } from '../measure/cpu';
import { spreadOf } from '../measure/spread';
import type { LocalShop } from '../rig/shop';
import type { Scenario } from '../scenario';

const PATH = '/orders/find/0';
/** In a shorter run, a queue of several seconds would not show. */
const JUDGED_FROM_S = 10;

const PIPELINING = { connections: 20, requests: 50_000 };
const CLIENTS = 4_000;
const NONE = { connections: 0, requests: 0 };
const floods: readonly (Pick<Flood, 'pipelining' | 'clients'> & { name: string })[] = [
  { name: 'pipelining', pipelining: PIPELINING, clients: 0 },
  { name: 'clients', pipelining: NONE, clients: CLIENTS },
  { name: 'both', pipelining: PIPELINING, clients: CLIENTS },
];

interface Case {
  flood: string;
  at: 'order' | 'gateway';
  p50: number;
  p99: number;
  /** What the clients beside the flood got, and what the flood got. */
  answers: Answers;
  floodAnswers: Answers;
  slowestMetricsMs: number;
  /** Of the process that was flooded, since it began. MiB. */
  peakMemory: number;
}

/**
 * Floods order with reads, straight and through the gateway, while fifty other clients read one order after the other and heed `Retry-After`.
 * Everybody must be answered 200, or 503 with the true reason, and Prometheus must get its metrics.
 */
export const flood: Scenario = {
  name: 'flood',
  description: `p99 of other clients while ${PIPELINING.connections} connections pipeline, and ${CLIENTS} clients ask`,
  onTarget: false,
  async run({ options, say, openDataset }) {
    const dataset = await openDataset();
    const shop = dataset.shop as LocalShop;
    const gateway = await startGateway(shop.environment.home, shop.addresses(), say);
    const [order, orderPid] = [new URL(shop.urls.order[0] as string), shop.pids('order')[0] as number];
    const [metrics] = shop.addresses().order.internalUrls as [URL];
    const cases: Case[] = [];
    try {
      for (const { name, ...sizes } of floods) {
        for (const at of ['order', 'gateway'] as const) {
          const { url, pid } = at === 'order' ? { url: order, pid: orderPid } : gateway;
          const scaled = options.quick ? { ...sizes, clients: sizes.clients / 20 } : sizes;
          const { result, answers: floodAnswers } = await flooding(
            { port: Number(url.port), path: PATH, ...scaled },
            () => scraping(metrics, readCalmly(url.origin, PATH, options.seconds)),
          );
          const { latency, answers } = result.result;
          cases.push({
            ...{ flood: name, at, p50: latency.p50, p99: latency.p99, answers, floodAnswers },
            ...{ slowestMetricsMs: result.slowestMs, peakMemory: readPeakMemory(pid) },
          });
          say(describe(cases.at(-1) as Case));
        }
      }
    } finally {
      await gateway.stop();
    }
    assertHonest(cases);
    await dataset.assertBalanced();
    await shop.close();
    const worst = (value: (each: Case) => number) => spreadOf([Math.max(...cases.map(value))]);
    return {
      loadRuns: [],
      details: { cases },
      figures: [
        {
          id: 'p99_in_flood',
          name: 'p99 of other clients in a flood, the worst of six',
          unit: 'ms',
          spread: worst(({ p99 }) => p99),
          ...(options.seconds < JUDGED_FROM_S && { unjudged: true as const }),
        },
        {
          id: 'memory_in_flood',
          name: 'resident memory in a flood, order or the gateway',
          unit: 'MiB',
          spread: worst(({ peakMemory }) => peakMemory),
        },
        {
          id: 'metrics_in_flood',
          name: 'slowest answer of /metrics in a flood',
          unit: 'ms',
          spread: worst(({ slowestMetricsMs }) => slowestMetricsMs),
        },
      ],
    };
  },
};

function describe({
  flood,
  at,
  p50,
  p99,
  answers,
  floodAnswers,
  slowestMetricsMs,
  peakMemory,
}: Case): string {
  const ms = (value: number) => `${Math.round(value)} ms`;
  return (
    `${flood} at ${at}: others p50 ${ms(p50)}, p99 ${ms(p99)}, ${JSON.stringify(answers)}; ` +
    `the flood ${JSON.stringify(floodAnswers)}; /metrics ${ms(slowestMetricsMs)}; ${Math.round(peakMemory)} MiB`
  );
}

function assertHonest(cases: readonly Case[]): void {
  const wrong = cases.flatMap(({ answers, floodAnswers }) => Object.keys({ ...answers, ...floodAnswers }));
  const unexpected = new Set(wrong.filter((answer) => !['200', '503 overloaded'].includes(answer)));
  if (unexpected.size > 0) {
    throw new Error(
      `A flood was answered ${[...unexpected].join(', ')}, and not only 200 and 503 overloaded.`,
    );
  }
}
