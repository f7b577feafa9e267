import { queues as allQueues } from '../../shared/contract/events';
import { UsageError, type Values, wholeNumber } from '../support/command-line';
import { commonOptions, oneOf, sagaIdFrom } from './command';
import type { Selection } from './visit-dead-letters';

/** The options of `npm run deadletters`, and which dead letters they select. */
export const options = {
  ...commonOptions,
  all: { type: 'boolean', default: false },
  queue: { type: 'string' },
  saga: { type: 'string' },
  limit: { type: 'string' },
  rate: { type: 'string', default: '50' },
  'dry-run': { type: 'boolean', default: false },
  reason: { type: 'string' },
  actor: { type: 'string' },
} as const;

export type Arguments = Values<typeof options>;

const MAX_DEAD_LETTERS = 10_000;

/** Either dead letters by id, or --all: forgetting an argument must not empty a queue. */
export function targets(ids: string[], values: Arguments): Selection {
  if (ids.length > 0 === values.all) {
    throw new UsageError('Name the dead letters, by their ids as list shows them, or use --all.');
  }
  const selection = selectionFrom(values, values.all ? '1000' : String(MAX_DEAD_LETTERS));
  return values.all ? selection : { ...selection, ids: deadLetterIds(ids) };
}

export function selectionFrom({ queue, saga, limit }: Arguments, defaultLimit: string): Selection {
  return {
    queues: queue === undefined ? allQueues : [oneOf('queue', queue, allQueues)],
    ...(saga !== undefined && { sagaId: sagaIdFrom(saga) }),
    limit: wholeNumber('limit', limit ?? defaultLimit, 1, MAX_DEAD_LETTERS),
  };
}

export function deadLetterIds(given: readonly string[]): string[] {
  const invalid = given.find((id) => !/^[0-9a-f]{16}$/.test(id));
  if (invalid !== undefined) {
    throw new UsageError(`"${invalid}" is not the id of a dead letter: 16 characters 0-9 and a-f.`);
  }
  return [...new Set(given)];
}
