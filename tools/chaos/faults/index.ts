import { brokerFaults } from './broker';
import { brokerNodeFaults } from './broker-nodes';
import type { Fault } from './fault';
import { lockFaults } from './locks';
import { messageFaults } from './messages';
import { networkFaults } from './network';
import { postgresFaults } from './postgres';
import { processFaults } from './processes';
import { requestFaults } from './requests';

/** All faults. */
export const faults: readonly Fault[] = [
  ...processFaults,
  ...networkFaults,
  ...postgresFaults,
  ...lockFaults,
  ...brokerFaults,
  ...brokerNodeFaults,
  ...requestFaults,
  ...messageFaults,
];

/** The kinds as --faults names them: "kill-9", "one-way-drop" and so on. */
export const kinds: readonly string[] = [...new Set(faults.map((fault) => slug(fault.kind)))];

export function slug(kind: string): string {
  return kind
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-|-$/g, '');
}
