import { setTimeout as sleep } from 'node:timers/promises';
import type { CheckoutName } from '../../../shared/services';
import type { Finding } from '../../audit/finding';
import { isSoldBefore } from '../../audit/history/answers';
import { classify } from '../../audit/history/history';
import { Losses } from '../../audit/history/loss';
import type { RunContext } from '../context';
import type { Dataset } from '../load/dataset';
import { startLoad } from '../load/load';
import { query } from '../rig/query';
import { waitForEnd } from '../verdict/ended';
import { isCheckout, isFinal } from '../verdict/recovery';
import { judgeRestore, type RestoreVerdict } from './judge';
import { findLostSagas, type RestoreLoss } from './loss';

/** How long buyers buy before the copy, between copy and restore, and after it. */
const BEFORE_MS = 1_500;
const LOST_MS = 4_000;
const AFTER_MS = 2_000;
/** Buyers who ask again, at the same time and at most this often. */
const ASKING = 16;
const MAX_TRIES = 40;

export interface RestoreReport extends RestoreVerdict {
  service: CheckoutName;
  /**
   * Orders that were paid when they were forgotten, and that their buyers checked out again; how many are paid again, and
   * how many are disputed, because the restore has taken lines back.
   */
  askedAgain: { orders: number; paid: number; disputed: number };
  /** From the end of the load until nothing was in flight. */
  endedAfterMs: number;
}

/**
 * Copies the database of a service, lets buyers buy, and then puts the copy in its place, as after a disaster: the
 * replicas are killed, and all that the service did since the copy is gone. Messages and the other databases stay.
 * @param earlier what earlier restores took back
 */
export async function restore(
  context: RunContext,
  {
    service,
    dataset,
    buyers,
    seed,
  }: { service: CheckoutName; dataset: Dataset; buyers: number; seed: number },
  earlier: readonly RestoreLoss[],
): Promise<{ report: RestoreReport; loss: RestoreLoss }> {
  const { databases } = context.rig;
  context.deadLetters.forget();
  const load = startLoad(context.client, dataset, buyers, seed);
  await sleep(BEFORE_MS);
  const from = performance.now();
  const copy = await databases.copy(service);
  await sleep(LOST_MS);

  const replicas = context.rig.replicas.filter((replica) => replica.service === service);
  await Promise.all(replicas.map((replica) => replica.end('SIGKILL')));
  const replaced = await databases.restore(service, copy);
  // As docs/operating.md says: what the copy had deferred was handled long ago.
  await query(databases.url(service), 'DELETE FROM deferred_events');
  const sagas = await findLostSagas(service, databases.urlOf(service, replaced), databases.url(service));
  const loss = { service, from, to: performance.now(), sagas };
  await Promise.all(replicas.map((replica) => replica.startAgain()));
  await sleep(AFTER_MS);
  const askedAgain = await askAgain(context, loss);

  const { late, endedAfterHealingMs: endedAfterMs } = await waitForEnd(context, load);
  const verdict = await judgeRestore(context, [...earlier, loss]);
  const findings = [...late, ...verdict.findings].map((finding) => after(service, finding));
  return { report: { service, ...verdict, findings, askedAgain, endedAfterMs }, loss };
}

/** Buyers who were told that they have paid check their orders out again, as they are now. */
async function askAgain({ client }: RunContext, loss: RestoreLoss): Promise<RestoreReport['askedAgain']> {
  const losses = new Losses([loss]);
  const told = client.history.filter(
    (exchange) =>
      isCheckout(exchange) && classify(exchange) === 'done' && losses.includes(loss.service, exchange),
  );
  const requests = [...new Set(told.map(({ request }) => request.replace('POST ', '')))];
  const left = requests.values();
  const answers = { paid: 0, disputed: 0 };
  const ask = async () => {
    for (const path of left) {
      let answer = await client.send('POST', path);
      for (let tries = 1; !isFinal(answer) && tries < MAX_TRIES; tries++) {
        await client.pauseBeforeRetry();
        answer = await client.send('POST', path);
      }
      answers.paid += answer.status === 200 ? 1 : 0;
      answers.disputed += isSoldBefore(answer) ? 1 : 0;
    }
  };
  await Promise.all(Array.from({ length: ASKING }, ask));
  return { orders: requests.length, ...answers };
}

function after(service: CheckoutName, finding: Finding): Finding {
  return { ...finding, detail: `after the restore of ${service}: ${finding.detail}` };
}
