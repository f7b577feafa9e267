import { isIPv4 } from 'node:net';
import ipaddr from 'ipaddr.js';

/** Who has one IPv6 address has 2^64 of them, so they count as one. */
export function groupOf(address: string): string {
  const parsed = ipaddr.process(address).toString();
  return isIPv4(parsed) ? parsed : ipaddr.IPv6.networkAddressFromCIDR(`${parsed}/64`).toString();
}
