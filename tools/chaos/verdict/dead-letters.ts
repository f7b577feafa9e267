import type { Finding } from '../../audit/finding';
import type { DeadLetters } from '../rig/dead-letters';
import type { PoisonMessages } from '../rig/poison';

export interface DeadLetterCheck {
  /** How many poison messages had to be parked. */
  published: number;
  /** How many dead letters there were. */
  parked: number;
  findings: Finding[];
}

const EXCERPT_LENGTH = 300;

/** The dead letters must contain every confirmed poison message that was not deleted, and no good event. */
export async function checkDeadLetters(
  parked: DeadLetters,
  poison: PoisonMessages,
): Promise<DeadLetterCheck> {
  const deadLetters = await parked.collect();
  const found = new Set<string>();
  const findings: Finding[] = [];
  for (const { queue, body, error } of deadLetters) {
    const label = poison.findLabel(body);
    if (label !== undefined) {
      found.add(`${queue} ${label}`);
    } else {
      const detail = `a good event was parked in ${queue}.dead (${error}): ${body.slice(0, EXCERPT_LENGTH)}`;
      findings.push({ invariant: 'I6', detail });
    }
  }
  const published = poison.mustBeParked();
  for (const { label, queue } of published) {
    if (found.has(`${queue} ${label}`)) {
      continue;
    }
    const detail = `${label} was published to ${queue} and is not among its dead letters`;
    findings.push({ invariant: 'I6', detail });
  }
  return { published: published.length, parked: deadLetters.length, findings };
}
