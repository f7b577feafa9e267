import { queues as allQueues } from '../../shared/contract/events';
import { UsageError, type Values, wholeNumber } from '../support/command-line';
import { mustBeReachable } from '../support/databases';
import {
  actorFrom,
  commonOptions,
  oneLine,
  oneOf,
  print,
  printJson,
  Refusal,
  runCommand,
  sagaIdFrom,
  type Verbs,
} from './command';
import {
  describeDeadLetter,
  describeDiscarded,
  describeDiscardedDeadLetter,
  describeListing,
  describeResult,
} from './dead-letter-report';
import { listDeadLetters, showDeadLetter } from './dead-letters';
import { discardDeadLetters } from './discard';
import { listDiscarded, summaryOf } from './discarded';
import { redriveDeadLetters } from './redrive';
import type { Result } from './take-dead-letters';
import type { Selection } from './visit-dead-letters';

const usage = `Usage: npm run deadletters -- list [--queue stock.settle] [--saga SAGA] [--limit 50]
       npm run deadletters -- show ID
       npm run deadletters -- redrive ID… [--rate 50] [--dry-run] [--reason "…"]
       npm run deadletters -- redrive --all [--queue stock.settle] [--saga SAGA] [--limit 1000] [--rate 50] [--dry-run]
       npm run deadletters -- discard ID… --reason "…" [--dry-run]
       npm run deadletters -- discard --all [--queue stock.settle] [--saga SAGA] [--limit 1000] --reason "…" [--dry-run]
       npm run deadletters -- discarded [--queue stock.settle] [--saga SAGA] [--limit 50]
  ID          the id of a dead letter, as list shows it
  show        everything about a dead letter, even after it was discarded
  redrive     send dead letters back to their queue, once the cause is fixed
  discard     delete dead letters that can never be handled; their contents are recorded
  discarded   what was discarded, by whom and why, latest first
  --rate      at most this many dead letters a second
  --dry-run   say what would be done, and do nothing
  --actor     your name for the record; default: your user name on this machine
  --json      print JSON for programs
  --port      the port that npm start was given; default: the last one on this machine
For a shop that npm start does not run, set ORDER_DATABASE_URL, PAYMENT_DATABASE_URL, STOCK_DATABASE_URL and AMQP_URL.
Exit status: 0 done, 1 no such dead letter, 2 invalid arguments, or something cannot be reached.`;

const options = {
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

type Arguments = Values<typeof options>;

const MAX_DEAD_LETTERS = 10_000;
/** RabbitMQ requeues a message that has been unacked for half an hour. */
const LONGEST_RUN_S = 1_200;

const verbs: Verbs<typeof options> = {
  list(ids, values) {
    if (ids.length > 0) {
      throw new UsageError('To see one dead letter, use show.');
    }
    const selection = selectionFrom(values, '50');
    return async (shop) => {
      const listing = await listDeadLetters(shop, selection);
      if (values.json) {
        printJson(listing);
      } else {
        print(describeListing(listing, new Date()));
      }
    };
  },

  show(ids, values) {
    const [id] = deadLetterIds(ids);
    if (id === undefined || ids.length > 1) {
      throw new UsageError('Name one dead letter, by its id as list shows it.');
    }
    const { queues } = selectionFrom(values, '1');
    return async (shop) => {
      await mustBeReachable(shop.databases);
      const deadLetter = await showDeadLetter(shop, id, queues);
      const [discarded] = deadLetter ? [] : await listDiscarded(shop, { ids: [id], queues, limit: 1 });
      if (!deadLetter && !discarded) {
        throw notFound([id]);
      }
      if (values.json) {
        printJson(deadLetter ?? { discarded });
      } else if (deadLetter) {
        print(describeDeadLetter(deadLetter, new Date()));
      } else if (discarded) {
        print(describeDiscardedDeadLetter(discarded, new Date()));
      }
    };
  },

  discarded(ids, values) {
    if (ids.length > 0) {
      throw new UsageError('To see one dead letter, use show.');
    }
    const selection = selectionFrom(values, '50');
    return async (shop) => {
      await mustBeReachable(shop.databases);
      const discarded = (await listDiscarded(shop, selection)).map(summaryOf);
      if (values.json) {
        printJson({ discarded });
      } else {
        print(describeDiscarded(discarded, new Date()));
      }
    };
  },

  redrive(ids, values) {
    const selection = targets(ids, values);
    const rate = wholeNumber('rate', values.rate, 1, 1_000);
    if (selection.limit > rate * LONGEST_RUN_S) {
      throw new UsageError(
        `${selection.limit} dead letters at ${rate} a second take too long. Lower --limit or raise --rate.`,
      );
    }
    const reason = values.reason === undefined ? undefined : oneLine('reason', values.reason, 500);
    const settings = { actor: actorFrom(values.actor), reason, rate, dryRun: values['dry-run'] };
    return async (shop) => {
      await mustBeReachable(shop.databases);
      report('redriven', selection, values, await redriveDeadLetters(shop, selection, settings));
    };
  },

  discard(ids, values) {
    const selection = targets(ids, values);
    if (values.reason === undefined) {
      throw new UsageError('Say why with --reason: discarding cannot be undone.');
    }
    const reason = oneLine('reason', values.reason, 500);
    const settings = { actor: actorFrom(values.actor), reason, dryRun: values['dry-run'] };
    return async (shop) => {
      await mustBeReachable(shop.databases);
      report('discarded', selection, values, await discardDeadLetters(shop, selection, settings));
    };
  },
};

/** Either dead letters by id, or --all: forgetting an argument must not empty a queue. */
function targets(ids: string[], values: Arguments): Selection {
  if (ids.length > 0 === values.all) {
    throw new UsageError('Name the dead letters, by their ids as list shows them, or use --all.');
  }
  const selection = selectionFrom(values, values.all ? '1000' : String(MAX_DEAD_LETTERS));
  return values.all ? selection : { ...selection, ids: deadLetterIds(ids) };
}

function selectionFrom({ queue, saga, limit }: Arguments, defaultLimit: string): Selection {
  return {
    queues: queue === undefined ? allQueues : [oneOf('queue', queue, allQueues)],
    ...(saga !== undefined && { sagaId: sagaIdFrom(saga) }),
    limit: wholeNumber('limit', limit ?? defaultLimit, 1, MAX_DEAD_LETTERS),
  };
}

function deadLetterIds(given: readonly string[]): string[] {
  const invalid = given.find((id) => !/^[0-9a-f]{16}$/.test(id));
  if (invalid !== undefined) {
    throw new UsageError(`"${invalid}" is not the id of a dead letter: 16 characters 0-9 and a-f.`);
  }
  return [...new Set(given)];
}

function report(done: 'redriven' | 'discarded', { ids }: Selection, values: Arguments, result: Result): void {
  if (values.json) {
    printJson({ [values['dry-run'] ? `would_be_${done}` : done]: result.letters });
  } else {
    print(describeResult(done, result, values['dry-run']));
  }
  const missing = ids?.filter((id) => !result.letters.some((deadLetter) => deadLetter.id === id)) ?? [];
  if (missing.length > 0) {
    throw notFound(missing);
  }
}

function notFound(ids: readonly string[]): Refusal {
  const hint = 'It may have been redriven or discarded, or another command is reading it.';
  return new Refusal(`There is no dead letter ${ids.join(', ')}. ${hint}`);
}

runCommand(usage, options, verbs);
