import type { Database } from '../../shared/postgres/database';
import type { Statement } from '../../shared/postgres/statement';
import type { ShopConnections } from './connections';
import { type DeadLetter, sagaIdsOf } from './dead-letter';
import { orderStates, paymentStates, type StateRow, stockStates } from './saga-lists';
import { counted } from './text';

/** A saga that a dead letter mentions and that has not ended everywhere. */
export interface OpenSaga {
  readonly saga_id: string;
  /** The states; undefined where the service does not know the saga. */
  readonly order: string | undefined;
  readonly stock: string | undefined;
  readonly payment: string | undefined;
}

/** At most this many sagas are looked up at once, and named in one sentence. */
const LOOKED_UP = 10_000;
const NAMED = 5;

/** Returns the sagas of dead letters that would still be open without them. */
export async function findLeftOpen(
  { databases }: ShopConnections,
  letters: readonly DeadLetter[],
): Promise<OpenSaga[]> {
  const ids = [...new Set(letters.flatMap(sagaIdsOf))];
  const open: OpenSaga[] = [];
  for (let from = 0; from < ids.length; from += LOOKED_UP) {
    const some = ids.slice(from, from + LOOKED_UP);
    const [order, stock, payment] = await Promise.all([
      statesIn(databases.order, orderStates, some),
      statesIn(databases.stock, stockStates, some),
      statesIn(databases.payment, paymentStates, some),
    ]);
    const sagas = some.map((id) => ({
      saga_id: id,
      order: order.get(id),
      stock: stock.get(id),
      payment: payment.get(id),
    }));
    open.push(...sagas.filter((saga) => kinds.some(({ includes }) => includes(saga))));
  }
  return open;
}

async function statesIn(database: Database, states: Statement<StateRow>, ids: readonly string[]) {
  const rows = await database.transaction((tx) => tx.run(states, [ids]));
  return new Map(rows.map(({ saga_id, state }) => [saga_id, state]));
}

const isPaidInVain = ({ order, stock, payment }: OpenSaga) =>
  payment === 'CAPTURED' &&
  ((order !== 'PENDING' && order !== 'PAID' && order !== 'DISPUTED') ||
    (stock !== 'RESERVED' && stock !== 'COMMITTED'));

/** What can be open, and what ends it: each service that has something undecided asks payment, which decides. */
const kinds: readonly { includes(saga: OpenSaga): boolean; where: string; end: string }[] = [
  {
    includes: isPaidInVain,
    where: 'captured by payment, but not known to order and stock as a sale',
    end:
      'Nothing ends them by itself: the buyers have paid for what they do not get. Run "npm run sagas -- show SAGA" for ' +
      'each, and see docs/runbooks/InvariantViolated.md.',
  },
  {
    includes: (saga) => saga.order === 'PENDING' && !isPaidInVain(saga),
    where: 'PENDING in order',
    end:
      'Their deadline ends them: order then asks payment, again and again. What payment has captured is paid; what it ' +
      'has not decided fails as cancelled.',
  },
  {
    includes: (saga) => (saga.stock === 'RESERVED' || saga.stock === 'WAITING') && !isPaidInVain(saga),
    where: 'RESERVED or WAITING in stock',
    end:
      'Stock asks payment about them once they are 15 s old. What payment has captured is sold; everything else can be ' +
      'sold to others again.',
  },
];

/** Says what the sagas of discarded dead letters leave open, where, and what ends it. */
export function describeLeftOpen(letters: readonly DeadLetter[], open: readonly OpenSaga[]): string[] {
  if (letters.every((deadLetter) => sagaIdsOf(deadLetter).length === 0)) {
    return ['They mention no saga, so nothing is left open.'];
  }
  if (open.length === 0) {
    return ['Nothing is left open: every saga that they mention has ended, or is known to no service.'];
  }
  return kinds.flatMap(({ includes, where, end }) => {
    const found = open.filter(includes).map(({ saga_id }) => saga_id);
    if (found.length === 0) {
      return [];
    }
    const more = found.length > NAMED ? ` and ${found.length - NAMED} more` : '';
    return [
      `Left open: ${counted(found.length, 'saga')} ${where}: ${found.slice(0, NAMED).join(', ')}${more}.`,
      `  ${end}`,
    ];
  });
}
