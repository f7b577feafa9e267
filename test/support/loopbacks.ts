import dns from 'node:dns';
import { networkInterfaces } from 'node:os';
import { jest } from '@jest/globals';

/** Whether this machine has IPv6. The containers in which images are built often have none. */
export const hasIpv6 = Object.values(networkInterfaces()).some((addresses) =>
  addresses?.some(({ address }) => address === '::1'),
);

/** This machine's own addresses. */
export const loopbackAddresses: readonly string[] = ['127.0.0.1', ...(hasIpv6 ? ['::1'] : [])];

/** The same, as they are written in a URL. */
export const loopbacks = loopbackAddresses.map((address) =>
  address.includes(':') ? `[${address}]` : address,
);

/** Gives a name an address of each family, as a Service of a dual-stack cluster can have, until mocks are restored. */
export function nameBoth(name: string): void {
  const { lookup } = dns;
  const both = [
    { address: '127.0.0.1', family: 4 },
    { address: '::1', family: 6 },
  ];
  jest
    .spyOn(dns, 'lookup')
    .mockImplementation(((host: string, options: object, answer: (...args: unknown[]) => void) =>
      host === name ? answer(null, both) : lookup(host, options, answer as never)) as never);
}
