import { setTimeout as sleep } from 'node:timers/promises';
import type { ServiceName } from '../../../shared/services';
import type { Finding } from '../../audit/finding';
import { classify } from '../../audit/history/history';
import { Losses } from '../../audit/history/loss';
import type { RunContext } from '../context';
import type { Dataset } from '../load/dataset';
import { startLoad } from '../load/load';
import { waitForEnd } from '../verdict/ended';
import { isCheckout, isFinal } from '../verdict/recovery';
import { judgeRestore, type RestoreVerdict } from './judge';
import { findChangedOrders, findLostSagas, type RestoreLoss } from './loss';

/** How long buyers buy before the copy, between copy and restore, and after it. */
const BEFORE_MS = 1_500;
const LOST_MS = 4_000;
const AFTER_MS = 2_000;
/** Buyers who ask again, at the same time and at most this often. */
const ASKING = 16;
const MAX_TRIES = 40;

export interface RestoreReport extends RestoreVerdict {
  service: ServiceName;
  /** Orders that were paid when they were forgotten, and that their buyers checked out again; how many are paid again. */
  askedAgain: { orders: number; paid: number };
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
  }: { service: ServiceName; dataset: Dataset; buyers: number; seed: number },
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
  const urls = [databases.urlOf(service, replaced), databases.url(service)] as const;
  const loss = { service, from, to: performance.now(), sagas: await findLostSagas(service, ...urls) };
  const changed = service === 'order' ? await findChangedOrders(...urls) : new Set<string>();
  await Promise.all(replicas.map((replica) => replica.startAgain()));
  await sleep(AFTER_MS);
  const askedAgain = await askAgain(context, loss, changed);

  const { late, endedAfterHealingMs: endedAfterMs } = await waitForEnd(context, load);
  const verdict = await judgeRestore(context, [...earlier, loss]);
  const findings = [...late, ...verdict.findings].map((finding) => after(service, finding));
  return { report: { service, ...verdict, findings, askedAgain, endedAfterMs }, loss };
}

/** Buyers who were told that they have paid find their orders open and unchanged, and check them out again. */
async function askAgain(
  { client }: RunContext,
  loss: RestoreLoss,
  changed: ReadonlySet<string>,
): Promise<{ orders: number; paid: number }> {
  const losses = new Losses([loss]);
  const told = client.history.filter(
    (exchange) =>
      isCheckout(exchange) && classify(exchange) === 'done' && losses.includes(loss.service, exchange),
  );
  const requests = [...new Set(told.map(({ request }) => request.replace('POST ', '')))].filter(
    (path) => !changed.has(path.slice(path.lastIndexOf('/') + 1)),
  );
  const left = requests.values();
  let paid = 0;
  const ask = async () => {
    for (const path of left) {
      let answer = await client.send('POST', path);
      for (let tries = 1; !isFinal(answer) && tries < MAX_TRIES; tries++) {
        await client.pauseBeforeRetry();
        answer = await client.send('POST', path);
      }
      paid += answer.status === 200 ? 1 : 0;
    }
  };
  await Promise.all(Array.from({ length: ASKING }, ask));
  return { orders: requests.length, paid };
}

function after(service: ServiceName, finding: Finding): Finding {
  return { ...finding, detail: `after the restore of ${service}: ${finding.detail}` };
}
