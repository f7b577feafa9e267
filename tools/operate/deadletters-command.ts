import { UsageError, wholeNumber } from '../support/command-line';
import { mustBeReachable } from '../support/databases';
import { actorFrom, oneLine, print, printJson, Refusal, runCommand, type Verbs } from './command';
import { withConnections } from './connections';
import { type Arguments, deadLetterIds, options, selectionFrom, targets } from './dead-letter-arguments';
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
import { describeLeftOpen, findLeftOpen, type OpenSaga } from './left-open';
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
  discard     delete dead letters that can never be handled; their contents are recorded. Says which sagas that leaves
              open, and what ends them; with --dry-run, before
  discarded   what was discarded, by whom and why, latest first
  --rate      at most this many dead letters a second
  --dry-run   say what would be done, and do nothing
  --actor     your name for the record; default: your user name on this machine
  --json      print JSON for programs
  --port      the port that npm start was given; default: the last one on this machine
For a shop that npm start does not run, set ORDER_DATABASE_URL, PAYMENT_DATABASE_URL, STOCK_DATABASE_URL and AMQP_URL.
Exit status: 0 done, 1 no such dead letter, 2 invalid arguments, or something cannot be reached.`;

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
      const result = await discardDeadLetters(shop, selection, settings);
      const open = await findLeftOpen(shop, result.letters).catch((cause) => {
        const done = describeResult('discarded', result, settings.dryRun);
        throw new Error(`${done}\nWhat that leaves open could not be read from the databases.`, { cause });
      });
      report('discarded', selection, values, result, open);
    };
  },
};

/** @param open the sagas that are still open without the dead letters, if those are deleted */
function report(
  done: 'redriven' | 'discarded',
  { ids }: Selection,
  values: Arguments,
  result: Result,
  open?: readonly OpenSaga[],
): void {
  if (values.json) {
    printJson({
      [values['dry-run'] ? `would_be_${done}` : done]: result.letters,
      ...(open && { left_open: open }),
    });
  } else {
    print(describeResult(done, result, values['dry-run']));
    if (open && result.letters.length > 0) {
      print(describeLeftOpen(result.letters, open).join('\n'));
    }
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

runCommand(usage, options, verbs, withConnections);
