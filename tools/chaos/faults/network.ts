import { setTimeout as sleep } from 'node:timers/promises';
import { type ServiceName, serviceNames } from '../../../shared/services';
import type { Random } from '../random';
import type { DirectionName, LinkConditions } from '../rig/direction';
import type { Link } from '../rig/link';
import { type Fault, withReplica } from './fault';

interface Trouble {
  kind: string;
  /** Changes the conditions of a link, or ends its connections. */
  begin(link: Link, random: Random): void;
  /** Whether bytes are missing afterwards, so that no connection can go on. */
  loses?: boolean;
  lasts: readonly number[];
}

const both = (conditions: LinkConditions) => ({ up: conditions, down: conditions });
const oneWay = (direction: DirectionName): Trouble => ({
  kind: 'one-way drop',
  begin: (link) => link.setConditions({ [direction]: { lost: true } }),
  loses: true,
  lasts: [500, 1_000, 3_000],
});

const troubles: Record<string, Trouble> = {
  slow: {
    kind: 'latency',
    begin: (link, random) => link.setConditions(both({ delayMs: random.pick([20, 100, 400]) })),
    lasts: [500, 1_000, 3_000],
  },
  'torn into single bytes': {
    kind: 'slicing',
    begin: (link) => link.setConditions(both({ sliced: true })),
    lasts: [500, 1_000],
  },
  reset: { kind: 'reset', begin: (link) => link.cut(), lasts: [0] },
  'deaf on the way there': oneWay('up'),
  'deaf on the way back': oneWay('down'),
};

const places = {
  database: (service: string) => `${service} and its database`,
  broker: (service: string) => `${service} and the broker`,
  clients: (service: string) => `clients and ${service}`,
  stock: (service: string) => `${service} and stock`,
} as const;

/** Longer than a confirm and a heartbeat are waited for; between services and clients there is nothing like it. */
const LONG_MS = 12_000;

function between(place: keyof typeof places, service: ServiceName, how: string, trouble: Trouble): Fault {
  return {
    name: `the link between ${places[place](service)} is ${how}`,
    kind: trouble.kind,
    strike: (scene) =>
      withReplica(scene, service, async (replica) => {
        const link = replica.links[place];
        if (!link) {
          return;
        }
        trouble.begin(link, scene.random);
        scene.struck();
        const long = trouble.loses && (place === 'database' || place === 'broker');
        await sleep(scene.random.pick(long ? [...trouble.lasts, LONG_MS] : trouble.lasts));
        link.setConditions({});
        if (trouble.loses) {
          link.cut();
        }
      }),
  };
}

/** Of one replica only, so that others overtake it. */
function slowConsumer(service: ServiceName): Fault {
  return {
    name: `${service} consumes slowly`,
    kind: 'slow consumer',
    strike: (scene) =>
      withReplica(scene, service, async (replica) => {
        replica.links.broker.setConditions({ down: { delayMs: 1_500 } });
        scene.struck();
        await sleep(4_000);
        replica.links.broker.setConditions({});
      }),
  };
}

/** Every trouble on every kind of link, each time of a service by turns. */
export const networkFaults: Fault[] = [
  ...(['database', 'broker', 'clients'] as const).flatMap((place, p) =>
    Object.entries(troubles).map(([how, trouble], t) =>
      between(place, serviceNames[(p + t) % serviceNames.length] as ServiceName, how, trouble),
    ),
  ),
  ...Object.entries(troubles).map(([how, trouble]) => between('stock', 'order', how, trouble)),
  ...serviceNames.map(slowConsumer),
];
