import { UsageError } from '../../../tools/support/command-line';

/**
 * The addresses of a cluster in one IP family. They exist only in the cluster's own network. IPv4's are from the range for
 * benchmarks, and IPv6's are unique local ones, so nobody else uses them.
 */
export interface Family {
  /** Of the API server, in the network of the nodes. */
  readonly server: string;
  /** How many bits of an address name the network of the nodes. */
  readonly bits: number;
  readonly pods: string;
  readonly services: { readonly range: string; readonly api: string; readonly names: string };
  /** Every address there is. */
  readonly all: string;
  /** The program that has the rules for its packets. */
  readonly tables: string;
  /** @param number of a node, counted from 1 */
  nodeOf(number: number): NodeAddresses;
}

/** A node's own address, and the network of its pods. */
export interface NodeAddresses {
  readonly address: string;
  readonly pods: string;
}

const ipv4: Family = {
  server: '198.18.0.1',
  bits: 24,
  pods: '198.18.64.0/20',
  services: { range: '198.19.0.0/16', api: '198.19.0.1', names: '198.19.0.10' },
  all: '0.0.0.0/0',
  tables: 'iptables',
  nodeOf: (number) => ({ address: `198.18.0.${10 + number}`, pods: `198.18.${64 + number}.0/24` }),
};

const SITE = 'fd3c:91e4:a07b';
const ipv6: Family = {
  server: `${SITE}::1`,
  bits: 64,
  pods: `${SITE}:40::/60`,
  // Kubernetes allows no larger one.
  services: { range: `${SITE}:f::/108`, api: `${SITE}:f::1`, names: `${SITE}:f::a` },
  all: '::/0',
  tables: 'ip6tables',
  nodeOf: (number) => ({ address: `${SITE}::1${number}`, pods: `${SITE}:4${number}::/64` }),
};

const families = { ipv4: [ipv4], ipv6: [ipv6], dual: [ipv4, ipv6] } as const;

/** What a cluster may speak, as kind and minikube call it. */
export type IpFamily = keyof typeof families;
export const ipFamilies = Object.keys(families) as readonly IpFamily[];

/** @throws UsageError */
export function readIpFamily(text: string): IpFamily {
  const found = ipFamilies.find((name) => name === text);
  if (found === undefined) {
    throw new UsageError(`--ip-family must be one of ${ipFamilies.join(', ')}, not "${text}".`);
  }
  return found;
}

/** Returns the families of a cluster. Services have addresses of the first, unless they ask for both. */
export const familiesOf = (name: IpFamily): readonly Family[] => families[name];

/** Every address at which the API server can be reached in some cluster. */
export const serverAddresses = families.dual.flatMap(({ server, services }) => [server, services.api]);

/** Returns an address as a URL has it. */
export const inUrl = (address: string): string => (address.includes(':') ? `[${address}]` : address);
