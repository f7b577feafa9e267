import type { Finding } from '../../audit/finding';
import type { Messages } from '../rig/messages';
import type { Poison } from '../rig/poison';

export interface Letters {
  /** Doses of poison that the broker had taken, and letters that were found. */
  given: number;
  parked: number;
  findings: Finding[];
}

const EXCERPT = 300;

/** Empties the dead-letter queues: all of the poison must be there, and nothing else. */
export async function accountForLetters(messages: Messages, poison: Poison): Promise<Letters> {
  const letters = await messages.drainDeadLetters();
  const found = new Set<string>();
  const findings: Finding[] = [];
  for (const { queue, body, error } of letters) {
    const label = poison.labelIn(body);
    if (label !== undefined) {
      found.add(`${queue} ${label}`);
    } else {
      const detail = `a good event was parked in ${queue}.dead (${error}): ${body.slice(0, EXCERPT)}`;
      findings.push({ invariant: 'I6', detail });
    }
  }
  for (const { label, queue } of poison.given()) {
    if (found.has(`${queue} ${label}`)) {
      continue;
    }
    const detail = `${label} was put into ${queue} and is not among its dead letters`;
    findings.push({ invariant: 'I6', detail });
  }
  return { given: poison.given().length, parked: letters.length, findings };
}
