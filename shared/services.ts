/**
 * The one list of services. Ports, databases, migrations, grants, broker users, the local gateway, images, compose and
 * the tests' support are derived from it. A test fails if the list is repeated elsewhere.
 */
interface ServiceFacts {
  /** Whether it takes part in the checkout saga, and so has queues, an outbox and books. */
  readonly participates: boolean;
  /** The public port. The internal one is higher by INTERNAL_PORTS, and 9004 is the auditor's. */
  readonly port: number;
  /** The first segment of its paths: the gateway uses it to choose the service. */
  readonly path: string;
  /** The services whose HTTP API it calls, each at the address in <NAME>_URL. */
  readonly calls: readonly string[];
  /** The beginnings of paths whose requests may wait for long. The service itself limits how many of them wait. */
  readonly waits: readonly string[];
}

export const services = {
  order: { participates: true, port: 8001, path: 'orders', calls: ['stock'], waits: ['/orders/checkout/'] },
  payment: { participates: true, port: 8002, path: 'payment', calls: [], waits: [] },
  stock: { participates: true, port: 8003, path: 'stock', calls: [], waits: [] },
  account: { participates: false, port: 8005, path: 'account', calls: [], waits: [] },
} as const satisfies Record<string, ServiceFacts>;

export type ServiceName = keyof typeof services;
export type ServicePath = (typeof services)[ServiceName]['path'];
export const serviceNames = Object.keys(services) as ServiceName[];

/** The services that a checkout goes through. */
export type ParticipantName = {
  [Name in ServiceName]: (typeof services)[Name]['participates'] extends true ? Name : never;
}[ServiceName];
export const participantNames = serviceNames.filter(isParticipantName);

/** The port for health and metrics is this far above the public one. */
export const INTERNAL_PORTS = 1_000;

export function isServiceName(name: string): name is ServiceName {
  return Object.hasOwn(services, name);
}

export function isParticipantName(name: string): name is ParticipantName {
  return isServiceName(name) && services[name].participates;
}

export function callsOf(name: ServiceName): readonly ParticipantName[] {
  return services[name].calls;
}

/** Returns the service that serves a path, by its first segment; undefined when there is none. */
export function serviceOfPath(path: string): ServiceName | undefined {
  const [, segment] = /^\/(\w+)(?=[/?]|$)/.exec(path) ?? [];
  return serviceNames.find((name) => services[name].path === segment);
}

/** Returns the name of an environment variable about one service, such as ORDER_DATABASE_URL. */
export function variableOf<Name extends ServiceName, Suffix extends string>(name: Name, suffix: Suffix) {
  return `${name.toUpperCase()}_${suffix}` as `${Uppercase<Name>}_${Suffix}`;
}

/** Makes one value for each service. */
export function perService<T>(make: (name: ServiceName) => T): Record<ServiceName, T> {
  return perName(serviceNames, make);
}

/** Makes one value for each participant of the saga. */
export function perParticipant<T>(make: (name: ParticipantName) => T): Record<ParticipantName, T> {
  return perName(participantNames, make);
}

/** Makes one value for each participant of the saga, all at the same time. */
export async function perParticipantAsync<T>(
  make: (name: ParticipantName) => Promise<T>,
): Promise<Record<ParticipantName, T>> {
  const values = await Promise.all(participantNames.map(make));
  return perParticipant((name) => values[participantNames.indexOf(name)] as T);
}

function perName<Name extends string, T>(names: readonly Name[], make: (name: Name) => T): Record<Name, T> {
  return Object.fromEntries(names.map((name) => [name, make(name)])) as Record<Name, T>;
}
