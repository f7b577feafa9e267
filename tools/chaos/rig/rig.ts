import { setTimeout as sleep } from 'node:timers/promises';
import {
  callsOf,
  type ParticipantName,
  participantNames,
  perParticipant,
  variableOf,
} from '../../../shared/services';
import { freePorts } from '../../support/free-ports';
import { type Broker, startBroker } from './broker';
import { type Databases, startDatabases } from './databases';
import { type Gateway, startGateway } from './gateway';
import { Link, withPort } from './link';
import { Replica } from './replica';

/** A whole shop with a proxy on each of its connections, so that faults can be injected everywhere. */
export interface Rig {
  readonly databases: Databases;
  readonly broker: Broker;
  readonly gateway: Gateway;
  readonly replicas: readonly Replica[];
  readonly links: readonly Link[];
  /** Of each service, the public and the internal URLs of its replicas, in the same order. */
  readonly addresses: Record<ParticipantName, { urls: URL[]; internalUrls: URL[] }>;
  /** Processes that exited although no fault ended them. This must not happen, whatever else is broken. */
  readonly unexpectedExits: string[];
  /** Ends all link conditions. Resolves when no fault is active and every replica is ready. */
  heal(): Promise<void>;
  stop(): Promise<void>;
}

export interface RigOptions {
  home: string;
  replicas: number;
  brokerNodes: number;
  say(text: string): void;
}

const loopback = (port: number) => `http://127.0.0.1:${port}`;

export async function startRig({ home, replicas: count, brokerNodes, say }: RigOptions): Promise<Rig> {
  const [databases, broker] = await Promise.all([
    startDatabases(home, say),
    startBroker(home, brokerNodes, say),
  ]);
  const unexpectedExits: string[] = [];
  const links: Link[] = [];
  const replicas: Replica[] = [];
  const addresses = perParticipant(() => ({ urls: [] as URL[], internalUrls: [] as URL[] }));
  const ports = perParticipant(() => [] as number[]);

  async function openLink(
    name: string,
    targets: () => readonly number[],
  ): Promise<{ link: Link; port: number }> {
    const [port] = (await freePorts(1)) as [number];
    const link = new Link(name, targets);
    await link.open(port);
    links.push(link);
    return { link, port };
  }

  async function addReplica(service: ParticipantName, name: string): Promise<void> {
    const [port, internal] = (await freePorts(2)) as [number, number];
    const database = await openLink(`${name} to its database`, () => [databases.portOf(service)]);
    const toBroker = await openLink(`${name} to the broker`, () => broker.ports);
    const clients = await openLink(`clients to ${name}`, () => [port]);
    const settings: Record<string, string> = {
      PORT: String(port),
      INTERNAL_PORT: String(internal),
      DATABASE_URL: withPort(databases.url(service), database.port),
      AMQP_URL: broker.url(toBroker.port),
      ACCESS: 'open',
      BATCH_INIT: 'on',
    };
    ports[service].push(port);
    const toOthers: Record<string, Link> = {};
    for (const other of callsOf(service)) {
      const toOther = await openLink(`${name} to ${other}`, () => ports[other]);
      toOthers[other] = toOther.link;
      settings[variableOf(other, 'URL')] = loopback(toOther.port);
    }
    addresses[service].urls.push(new URL(loopback(clients.port)));
    addresses[service].internalUrls.push(new URL(loopback(internal)));
    replicas.push(
      new Replica({
        service,
        name,
        home,
        port,
        internalUrl: new URL(loopback(internal)),
        links: {
          database: database.link,
          broker: toBroker.link,
          clients: clients.link,
          ...toOthers,
        },
        settings,
        onUnexpectedExit: (description) => unexpectedExits.push(description),
      }),
    );
  }

  // A service needs the addresses of the services that it calls, so those are started first.
  for (const service of inStartOrder()) {
    for (let i = 1; i <= count; i++) {
      await addReplica(service, `${service}-${i}`);
    }
  }
  await Promise.all(replicas.map((replica) => replica.ready()));
  const gateway = await startGateway(home, addresses, (description) => unexpectedExits.push(description));

  return {
    databases,
    broker,
    gateway,
    replicas,
    links,
    addresses,
    unexpectedExits,
    async heal() {
      for (const link of links) {
        link.setConditions({});
      }
      while (replicas.some((replica) => replica.isUnderFault)) {
        await sleep(20);
      }
      await Promise.all(replicas.map((replica) => replica.ready()));
    },
    async stop() {
      await gateway.stop();
      await Promise.all(replicas.map((replica) => replica.stop()));
      for (const link of links) {
        link.close();
      }
      broker.kill();
      await databases.stop();
    },
  };
}

/** Each service after the services that it calls. */
function inStartOrder(): ParticipantName[] {
  const sorted: ParticipantName[] = [];
  const add = (name: ParticipantName): void => {
    callsOf(name).forEach(add);
    if (!sorted.includes(name)) {
      sorted.push(name);
    }
  };
  participantNames.forEach(add);
  return sorted;
}
