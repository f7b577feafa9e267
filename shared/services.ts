/**
 * The one list of services. Ports, databases, migrations, grants, broker users, the local gateway, images, compose and
 * the tests' support are derived from it. A test fails if the list is repeated elsewhere.
 */
interface ServiceFacts {
  /** The public port. The internal one is higher by INTERNAL_PORTS. */
  readonly port: number;
  /** The first segment of its paths: the gateway uses it to choose the service. */
  readonly path: string;
  /** The services whose HTTP API it calls, each at the address in <NAME>_URL. */
  readonly calls: readonly string[];
  /** The beginnings of paths whose requests may wait for long. The service itself limits how many of them wait. */
  readonly waits: readonly string[];
}

export const services = {
  order: { port: 8001, path: 'orders', calls: ['stock'], waits: ['/orders/checkout/'] },
  payment: { port: 8002, path: 'payment', calls: [], waits: [] },
  stock: { port: 8003, path: 'stock', calls: [], waits: [] },
} as const satisfies Record<string, ServiceFacts>;

export type ServiceName = keyof typeof services;
export type ServicePath = (typeof services)[ServiceName]['path'];
export const serviceNames = Object.keys(services) as ServiceName[];

/** The port for health and metrics is this far above the public one. */
export const INTERNAL_PORTS = 1_000;

export const isServiceName = (name: string): name is ServiceName => Object.hasOwn(services, name);

export function callsOf(name: ServiceName): readonly ServiceName[] {
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
  return Object.fromEntries(serviceNames.map((name) => [name, make(name)])) as Record<ServiceName, T>;
}

/** Makes one value for each service, all at the same time. */
export async function perServiceAsync<T>(
  make: (name: ServiceName) => Promise<T>,
): Promise<Record<ServiceName, T>> {
  const values = await Promise.all(serviceNames.map(make));
  return perService((name) => values[serviceNames.indexOf(name)] as T);
}
