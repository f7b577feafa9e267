/** What services do together, one step after the other, by exchanging events. */
export type Saga = 'checkout' | 'restock';

/**
 * The one list of services. Ports, databases, migrations, grants, broker users, the local gateway, images, compose and
 * the tests' support are derived from it. A test fails if the list is repeated elsewhere.
 */
interface ServiceFacts {
  /** The sagas that it takes part in. With one, it has queues, an outbox, and a user at the broker. */
  readonly sagas: readonly Saga[];
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
  order: { sagas: ['checkout'], port: 8001, path: 'orders', calls: ['stock'], waits: ['/orders/checkout/'] },
  payment: { sagas: ['checkout'], port: 8002, path: 'payment', calls: [], waits: [] },
  stock: { sagas: ['checkout', 'restock'], port: 8003, path: 'stock', calls: [], waits: [] },
  account: { sagas: [], port: 8005, path: 'account', calls: [], waits: [] },
  catalog: { sagas: ['restock'], port: 8006, path: 'catalog', calls: ['order', 'stock'], waits: [] },
} as const satisfies Record<string, ServiceFacts>;

export type ServiceName = keyof typeof services;
export type ServicePath = (typeof services)[ServiceName]['path'];
export const serviceNames = Object.keys(services) as ServiceName[];

/** The services that take part in a saga. */
export type ParticipantName = {
  [Name in ServiceName]: (typeof services)[Name]['sagas'] extends readonly [] ? never : Name;
}[ServiceName];
export const participantNames = serviceNames.filter(isParticipantName);

/** The services that a checkout goes through. */
export type CheckoutName = {
  [Name in ServiceName]: 'checkout' extends (typeof services)[Name]['sagas'][number] ? Name : never;
}[ServiceName];
export const checkoutNames = serviceNames.filter(isCheckoutName);

/** The port for health and metrics is this far above the public one. */
export const INTERNAL_PORTS = 1_000;

export function isServiceName(name: string): name is ServiceName {
  return Object.hasOwn(services, name);
}

export function isParticipantName(name: string): name is ParticipantName {
  return isServiceName(name) && sagasOf(name).length > 0;
}

export function isCheckoutName(name: ServiceName): name is CheckoutName {
  return sagasOf(name).includes('checkout');
}

function sagasOf(name: ServiceName): readonly Saga[] {
  return services[name].sagas;
}

export function callsOf(name: ServiceName): readonly CheckoutName[] {
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

/** Makes one value for each participant of a saga. */
export function perParticipant<T>(make: (name: ParticipantName) => T): Record<ParticipantName, T> {
  return perName(participantNames, make);
}

/** Makes one value for each service that a checkout goes through. */
export function perCheckoutService<T>(make: (name: CheckoutName) => T): Record<CheckoutName, T> {
  return perName(checkoutNames, make);
}

/** Makes one value for each participant of a saga, all at the same time. */
export function perParticipantAsync<T>(
  make: (name: ParticipantName) => Promise<T>,
): Promise<Record<ParticipantName, T>> {
  return perNameAsync(participantNames, make);
}

/** Makes one value for each service that a checkout goes through, all at the same time. */
export function perCheckoutServiceAsync<T>(
  make: (name: CheckoutName) => Promise<T>,
): Promise<Record<CheckoutName, T>> {
  return perNameAsync(checkoutNames, make);
}

async function perNameAsync<Name extends string, T>(
  names: readonly Name[],
  make: (name: Name) => Promise<T>,
): Promise<Record<Name, T>> {
  const values = await Promise.all(names.map(make));
  return perName(names, (name) => values[names.indexOf(name)] as T);
}

function perName<Name extends string, T>(names: readonly Name[], make: (name: Name) => T): Record<Name, T> {
  return Object.fromEntries(names.map((name) => [name, make(name)])) as Record<Name, T>;
}
