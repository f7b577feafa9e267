import { queues as allQueues } from '../../shared/contract/events';
import { UsageError, type Values, wholeNumber } from '../support/command-line';
import { mustBeReachable } from '../support/databases';
import {
  actorFrom,
  commonOptions,
  oneOf,
  print,
  printJson,
  Refusal,
  runCommand,
  sagaIdFrom,
  type Verbs,
  words,
} from './command';
import {
  describeDiscarded,
  describeDiscardedLetter,
  describeDone,
  describeLetter,
  describeListing,
} from './dead-letter-report';
import { type Done, discardLetters, listDeadLetters, redriveLetters, showLetter } from './dead-letters';
import { readDiscardedLetters, summaryOf } from './discarded';
import type { Selection } from './visit';

const usage = `Usage: npm run deadletters -- list [--queue stock.settle] [--saga ID] [--limit 50]
       npm run deadletters -- show LETTER
       npm run deadletters -- redrive LETTER… [--rate 50] [--dry-run] [--reason "…"]
       npm run deadletters -- redrive --all [--queue stock.settle] [--saga ID] [--limit 1000] [--rate 50] [--dry-run]
       npm run deadletters -- discard LETTER… --reason "…" [--dry-run]
       npm run deadletters -- discard --all [--queue stock.settle] [--saga ID] [--limit 1000] --reason "…" [--dry-run]
       npm run deadletters -- discarded [--queue stock.settle] [--saga ID] [--limit 50]
  show        tells everything of a letter, also of one that was discarded
  discarded   lists what was discarded, by whom and why, the latest first
  --rate      letters a second
  --dry-run   says what would be done, and does nothing
  --actor     who does it, when that is not the user of this machine
  --json      for programs
  --port      the port that npm start was given, when it is not the last one it was given here
ORDER_DATABASE_URL, PAYMENT_DATABASE_URL, STOCK_DATABASE_URL and AMQP_URL name a shop that npm start does not run.
Exit status: 0 done, 1 there is no such letter, 2 not understood, or something could not be reached.`;

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

const MAX_LETTERS = 10_000;
/** A broker takes a message back that was held for half an hour. */
const LONGEST_RUN_S = 1_200;

const verbs: Verbs<typeof options> = {
  list(ids, values) {
    if (ids.length > 0) {
      throw new UsageError('To see one letter, use show.');
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
    const [id] = letterIds(ids);
    if (id === undefined || ids.length > 1) {
      throw new UsageError('Name one letter, as list shows it.');
    }
    const { queues } = selectionFrom(values, '1');
    return async (shop) => {
      await mustBeReachable(shop.databases);
      const letter = await showLetter(shop, id, queues);
      const [discarded] = letter ? [] : await readDiscardedLetters(shop, { ids: [id], queues, limit: 1 });
      if (!letter && !discarded) {
        throw noSuch([id]);
      }
      if (values.json) {
        printJson(letter ?? { discarded });
      } else if (letter) {
        print(describeLetter(letter, new Date()));
      } else if (discarded) {
        print(describeDiscardedLetter(discarded, new Date()));
      }
    };
  },

  discarded(ids, values) {
    if (ids.length > 0) {
      throw new UsageError('To see one letter, use show.');
    }
    const selection = selectionFrom(values, '50');
    return async (shop) => {
      await mustBeReachable(shop.databases);
      const letters = (await readDiscardedLetters(shop, selection)).map(summaryOf);
      if (values.json) {
        printJson({ discarded: letters });
      } else {
        print(describeDiscarded(letters, new Date()));
      }
    };
  },

  redrive(ids, values) {
    const selection = targets(ids, values);
    const rate = wholeNumber('rate', values.rate, 1, 1_000);
    if (selection.limit > rate * LONGEST_RUN_S) {
      throw new UsageError(
        `${selection.limit} letters at ${rate} a second take too long. Lower --limit or raise --rate.`,
      );
    }
    const reason = values.reason === undefined ? undefined : words('reason', values.reason, 500);
    const settings = { actor: actorFrom(values.actor), reason, rate, dryRun: values['dry-run'] };
    return async (shop) => {
      await mustBeReachable(shop.databases);
      tell('redriven', selection, values, await redriveLetters(shop, selection, settings));
    };
  },

  discard(ids, values) {
    const selection = targets(ids, values);
    if (values.reason === undefined) {
      throw new UsageError('Say why with --reason: a discarded letter is gone.');
    }
    const reason = words('reason', values.reason, 500);
    const settings = { actor: actorFrom(values.actor), reason, dryRun: values['dry-run'] };
    return async (shop) => {
      await mustBeReachable(shop.databases);
      tell('discarded', selection, values, await discardLetters(shop, selection, settings));
    };
  },
};

/** Either letters by name or all of them: nobody empties a queue by leaving something out. */
function targets(ids: string[], values: Arguments): Selection {
  if (ids.length > 0 === values.all) {
    throw new UsageError('Name the letters, as list shows them, or use --all.');
  }
  const selection = selectionFrom(values, values.all ? '1000' : String(MAX_LETTERS));
  return values.all ? selection : { ...selection, ids: letterIds(ids) };
}

function selectionFrom({ queue, saga, limit }: Arguments, standard: string): Selection {
  return {
    queues: queue === undefined ? allQueues : [oneOf('queue', queue, allQueues)],
    ...(saga !== undefined && { sagaId: sagaIdFrom(saga) }),
    limit: wholeNumber('limit', limit ?? standard, 1, MAX_LETTERS),
  };
}

function letterIds(given: readonly string[]): string[] {
  const wrong = given.find((id) => !/^[0-9a-f]{16}$/.test(id));
  if (wrong !== undefined) {
    throw new UsageError(`"${wrong}" is not the id of a letter, which has 16 characters 0-9 a-f.`);
  }
  return [...new Set(given)];
}

function tell(done: 'redriven' | 'discarded', { ids }: Selection, values: Arguments, outcome: Done): void {
  if (values.json) {
    printJson({ [values['dry-run'] ? `would_be_${done}` : done]: outcome.letters });
  } else {
    print(describeDone(done, outcome, values['dry-run']));
  }
  const missing = ids?.filter((id) => !outcome.letters.some((letter) => letter.id === id)) ?? [];
  if (missing.length > 0) {
    throw noSuch(missing);
  }
}

function noSuch(ids: readonly string[]): Refusal {
  return new Refusal(
    `There is no dead letter ${ids.join(', ')}. It may have been redriven or discarded, or another command holds it.`,
  );
}

runCommand(usage, options, verbs);
