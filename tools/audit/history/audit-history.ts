import { type Finding, MAX_FINDINGS } from '../finding';
import { possibleBalance } from './account';
import { checkAnswers, checkOrderReads } from './answers';
import { classify, type Exchange } from './history';
import { interpret } from './interpret';
import type { Account, Ledger } from './ledger';
import { type Loss, Losses } from './loss';
import { addLineReads, addSale } from './orders';
import type { OrderTruth, Truth } from './truth';

export interface HistoryReport {
  findings: Finding[];
  /** How much was checked, so that an empty history is not mistaken for a correct one. */
  checked: { requests: number; checkouts: number; reads: number; orders: number; balances: number };
}

/** Lookups at the same time. */
const CONCURRENCY = 16;

/**
 * Checks I7, I8 and I10 (and the part of I9 that reads can show): whether the answers agree with each other and with
 * the state in the end. The history must contain every request that changed what it mentions, and nothing may be in
 * flight any more.
 *
 * Users, items and orders whose creation (create, or a batch_init) is not in the history are not checked, nor is the
 * credit of users who paid for orders outside a checkout.
 *
 * @param lost what restored databases may have forgotten; everything else is checked as strictly as without it
 */
export async function auditHistory(
  history: readonly Exchange[],
  truth: Truth,
  lost: readonly Loss[] = [],
): Promise<HistoryReport> {
  const ledger = interpret(history, new Losses(lost));
  const orderIds = [...new Set([...ledger.created.keys(), ...ledger.checkouts.keys()])];
  const orders = await lookUp(orderIds, truth.order);
  const findings = [
    ...(await checkOrders(ledger, orders, truth)),
    ...[...ledger.created.keys()]
      .filter((id) => !orders.get(id) && !ledger.maybeRemoved.has(id))
      .map(
        (order_id): Finding => ({
          invariant: 'I10',
          order_id,
          detail: 'the order was created, but does not exist',
        }),
      ),
  ];
  for (const [id, order] of orders) {
    addSale(ledger, id, order);
  }
  addLineReads(ledger);
  const known = ledger.hasLostCheckouts
    ? []
    : ledger.accounts().filter((account) => ledger.originOf(account));
  findings.push(...checkReads(ledger), ...(await checkBalances(ledger, known, orders, truth)));
  return {
    findings: findings.slice(0, MAX_FINDINGS),
    checked: {
      requests: history.length,
      checkouts: [...ledger.checkouts.values()].flat().length,
      reads: ledger.reads.length,
      orders: orderIds.length,
      balances: known.length,
    },
  };
}

type Orders = Map<string, OrderTruth | undefined>;

async function checkOrders(ledger: Ledger, orders: Orders, truth: Truth): Promise<Finding[]> {
  const sagas = [...ledger.checkouts.values()].flat().map((checkout) => checkout.body?.saga_id);
  const charged = new Set(await truth.charged(sagas.filter((saga) => typeof saga === 'string')));
  return [...ledger.checkouts].flatMap(([id, all]) => {
    const checkouts = all.map((checkout) =>
      isForgotten(ledger, checkout) ? withoutAnswer(checkout) : checkout,
    );
    return [
      ...checkAnswers(id, checkouts, orders.get(id), charged),
      ...checkOrderReads(id, checkouts, ledger.orderReads.get(id) ?? [], ledger.losses),
    ];
  });
}

/** Order may have forgotten the saga. A refused one may have been decided again by another service that forgot it. */
function isForgotten({ losses }: Ledger, checkout: Exchange): boolean {
  return (
    losses.includes('order', checkout) || (classify(checkout) === 'refused' && losses.anyIncludes(checkout))
  );
}

function withoutAnswer({ at, request }: Exchange): Exchange {
  return { at, request };
}

/** I8. Checks the balances that were read while the history was made. */
function checkReads(ledger: Ledger): Finding[] {
  return ledger.reads.flatMap(({ account, balance, sent, answered }): Finding[] => {
    const detail = contradiction(ledger, account, balance, sent, answered);
    return detail ? [{ invariant: 'I8', ...idsOf(account), detail: `read at ${sent}: ${detail}` }] : [];
  });
}

/** I10. Checks the balances in the end. */
async function checkBalances(
  ledger: Ledger,
  accounts: Account[],
  orders: Orders,
  truth: Truth,
): Promise<Finding[]> {
  const balances = await lookUp(accounts, async (account) => {
    const [kind, id = ''] = account.split(':');
    if (kind === 'credit') {
      return truth.credit(id);
    }
    if (kind === 'stock') {
      return truth.stock(id);
    }
    const [order = '', item] = id.split('/');
    const found = orders.get(order);
    return found && (found.items.find(([name]) => name === item)?.[1] ?? 0);
  });
  return [...balances].flatMap(([account, balance]): Finding[] => {
    // The missing order has its own finding.
    if (balance === undefined && account.startsWith('line:')) {
      return [];
    }
    const end = Number.POSITIVE_INFINITY;
    const detail =
      balance === undefined
        ? 'it was created, but does not exist'
        : contradiction(ledger, account, balance, end, end);
    return detail ? [{ invariant: 'I10', ...idsOf(account), detail }] : [];
  });
}

function contradiction(
  ledger: Ledger,
  account: Account,
  balance: number,
  sent: number,
  answered: number,
): string | undefined {
  const origin = ledger.originOf(account);
  if (ledger.hasLostCheckouts || origin === undefined || sent < origin.at) {
    return undefined;
  }
  const changes = (ledger.changes.get(account) ?? []).filter((change) => change.sent >= origin.at);
  const { least, most } = possibleBalance(origin.balance, changes, sent, answered);
  if (balance >= least && balance <= most) {
    return undefined;
  }
  const range = least === most ? `${least}` : `${least} to ${most}`;
  return `${account.split(':')[0]} is ${balance}, but according to the answers it must be ${range}`;
}

function idsOf(account: Account): Partial<Finding> {
  const [kind, id = ''] = account.split(':');
  const [order_id = '', item_id = ''] = id.split('/');
  if (kind === 'credit') {
    return { user_id: id };
  }
  return kind === 'stock' ? { item_id: id } : { order_id, item_id };
}

async function lookUp<T>(ids: readonly string[], find: (id: string) => Promise<T>): Promise<Map<string, T>> {
  const found = new Map<string, T>();
  const left = ids.values();
  const worker = async () => {
    for (const id of left) {
      found.set(id, await find(id));
    }
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, worker));
  return found;
}
