import type { CheckoutName } from '../../../shared/services';
import { audit } from '../../audit/audit';
import type { Finding } from '../../audit/finding';
import { auditHistory } from '../../audit/history/audit-history';
import { databaseTruth } from '../../audit/history/truth';
import { judgeSaga, type SagaView } from '../../audit/invariants/judge';
import { readSagas } from '../../audit/invariants/sagas';
import { withSnapshots } from '../../audit/snapshots';
import type { ShopDatabases } from '../../support/databases';
import type { RunContext } from '../context';
import type { DeadLetter } from '../rig/messages';
import type { RestoreLoss } from './loss';

/** What became of the sagas that a restore took back, and what else was wrong. */
export interface RestoreVerdict {
  /** Sagas that the restored service had forgotten, or knew in an earlier state. */
  lost: number;
  /** Of these, the ones on which the services agree in the end: taken up again, decided again, or without any effect. */
  agree: number;
  /** The ones on which they differ just as the restore explains. The audit names each of them. */
  differ: number;
  /** The ones on which they differ otherwise, but a dead letter names them. */
  parked: number;
  /** Dead letters about lost sagas. */
  deadLetters: number;
  findings: Finding[];
}

const isCaptured = ({ payment }: SagaView) => payment?.state === 'CAPTURED';
const isPaid = ({ order }: SagaView) => order?.state === 'PAID';
const isSold = ({ stock }: SagaView) => stock?.state === 'COMMITTED';

/** How the services differ on a saga that was sold, and that one of them has forgotten. */
const soldButFor: Record<CheckoutName, (saga: SagaView) => boolean> = {
  order: (saga) =>
    (saga.order === undefined || saga.order.state === 'DISPUTED') && isSold(saga) && isCaptured(saga),
  payment: (saga) => (isPaid(saga) || saga.order?.state === 'FAILED') && isSold(saga) && !isCaptured(saga),
  stock: (saga) => isPaid(saga) && isCaptured(saga) && !isSold(saga),
};

/** Whether the services differ only because one of them has forgotten the saga. One that had no effect is harmless. */
function isExplained(service: CheckoutName, saga: SagaView): boolean {
  const hadNoEffect = !isCaptured(saga) && !isPaid(saga) && !isSold(saga);
  return hadNoEffect || soldButFor[service](saga);
}

const PAGE = 1_000;
const EXCERPT_LENGTH = 300;

/**
 * Judges a shop in which nothing is in flight after a restore. Everything that is not lost must be intact, every saga
 * must have ended, no order may have been charged twice, and what differs must be explained by the restore or be named
 * by a dead letter.
 * @param losses of all restores so far, this one last
 */
export async function judgeRestore(
  { databases, client, deadLetters, rig }: RunContext,
  losses: readonly RestoreLoss[],
): Promise<RestoreVerdict> {
  const loss = losses.at(-1) as RestoreLoss;
  const lost = new Set(losses.flatMap(({ sagas }) => [...sagas.keys()]));
  const parked = await deadLetters.collect();
  const named = new Set(parked.flatMap(sagasIn));
  const state = await audit(databases, { amqpUrl: rig.broker.url(), lost });
  const answers = await auditHistory(client.history, databaseTruth(databases), losses);
  const verdict: RestoreVerdict = {
    lost: loss.sagas.size,
    agree: 0,
    differ: 0,
    parked: 0,
    deadLetters: parked.length,
    findings: [...unrelated(parked, lost), ...state.findings, ...answers.findings],
  };
  for (const saga of await readAll(databases, [...loss.sagas.keys()])) {
    const findings = judgeSaga(saga, true);
    if (findings.length === 0) {
      verdict.agree++;
    } else if (isExplained(loss.service, saga)) {
      verdict.differ++;
    } else if (named.has(saga.saga_id)) {
      verdict.parked++;
    } else {
      verdict.findings.push(...findings);
    }
  }
  return verdict;
}

function sagasIn({ body }: DeadLetter): string[] {
  return [...body.matchAll(/"saga_id":"([0-9a-f-]{36})"/g)].map(([, id]) => id as string);
}

function unrelated(parked: readonly DeadLetter[], lost: ReadonlySet<string>): Finding[] {
  return parked
    .filter((letter) => !sagasIn(letter).some((id) => lost.has(id)))
    .map(({ queue, error, body }) => ({
      invariant: 'I6',
      detail: `a good event was parked in ${queue}.dead (${error}): ${body.slice(0, EXCERPT_LENGTH)}`,
    }));
}

async function readAll(databases: ShopDatabases, ids: readonly string[]): Promise<SagaView[]> {
  return withSnapshots(databases, async (snapshots) => {
    const views: SagaView[] = [];
    for (let i = 0; i < ids.length; i += PAGE) {
      views.push(...(await readSagas(snapshots, ids.slice(i, i + PAGE), null)));
    }
    return views;
  });
}
