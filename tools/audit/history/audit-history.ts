import { type Finding, MAX_FINDINGS } from '../finding';
import { possibleBalance } from './account';
import { checkAnswers, checkOrderReads } from './answers';
import type { Exchange } from './history';
import { interpret } from './interpret';
import type { Account, Ledger } from './ledger';
import type { OrderTruth, Truth } from './truth';

export interface HistoryReport {
  findings: Finding[];
  /** How much was looked at, so that nobody takes an empty history for a good one. */
  checked: { requests: number; checkouts: number; reads: number; orders: number; balances: number };
}

/** Lookups at once. */
const CONCURRENCY = 16;

/**
 * Checks I7, I8 and I10 (and of I9 what readers could see): whether the answers that were given agree with each other
 * and with how things are in the end. The history must hold every request that changed what it speaks of, and nothing
 * may be in flight any more.
 *
 * Users, items and orders whose beginning is not in the history (create, or a batch_init) are not looked into, nor is
 * the credit of users who paid for orders outside a checkout.
 */
export async function auditHistory(history: readonly Exchange[], truth: Truth): Promise<HistoryReport> {
  const ledger = interpret(history);
  const orderIds = [...new Set([...ledger.created.keys(), ...ledger.checkouts.keys()])];
  const orders = await lookUp(orderIds, truth.order);
  const findings = [
    ...(await answersFindings(ledger, orders, truth)),
    ...[...ledger.created.keys()]
      .filter((id) => !orders.get(id) && !ledger.perhapsGone.has(id))
      .map(
        (order_id): Finding => ({
          invariant: 'I10',
          order_id,
          detail: 'the order was created, but is not there',
        }),
      ),
  ];
  for (const [id, order] of orders) {
    addSale(ledger, id, order);
  }
  addLineReads(ledger);
  const known = ledger.forgotten ? [] : ledger.accounts().filter((account) => ledger.originOf(account));
  findings.push(...readFindings(ledger), ...(await balanceFindings(ledger, known, orders, truth)));
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

async function answersFindings(ledger: Ledger, orders: Orders, truth: Truth): Promise<Finding[]> {
  const told = [...ledger.checkouts.values()].flat().map((it) => it.body?.saga_id);
  const charged = new Set(await truth.charged(told.filter((saga) => typeof saga === 'string')));
  return [...ledger.checkouts].flatMap(([id, checkouts]) => [
    ...checkAnswers(id, checkouts, orders.get(id), charged),
    ...checkOrderReads(id, checkouts, ledger.orderReads.get(id) ?? []),
  ]);
}

/** A checkout takes credit and units: once for an order, however often it was asked for. */
function addSale(ledger: Ledger, id: string, order: OrderTruth | undefined): void {
  if (order === undefined) {
    // What it held while it was there is forgotten with its lines.
    for (const item of ledger.itemsOf(id)) {
      ledger.untold.add(`stock:${item}`);
    }
    return;
  }
  for (const checkout of ledger.checkouts.get(id) ?? []) {
    const group = `checkout ${id}`;
    ledger.change(`credit:${order.user_id}`, -order.total_cost, checkout, { group });
    for (const [item, quantity] of order.items) {
      ledger.change(`stock:${item}`, -quantity, checkout, { group, passing: true });
    }
  }
}

function addLineReads(ledger: Ledger): void {
  for (const [id, reads] of ledger.orderReads) {
    for (const read of reads.filter((it) => it.status === 200)) {
      const lines = new Map(read.body?.items as [string, number][]);
      for (const item of ledger.itemsOf(id)) {
        ledger.read(`line:${id}/${item}`, lines.get(item) ?? 0, read);
      }
    }
  }
}

/** I8. What was read of balances while the history was made. */
function readFindings(ledger: Ledger): Finding[] {
  return ledger.reads.flatMap(({ account, balance, sent, answered }): Finding[] => {
    const detail = contradiction(ledger, account, balance, sent, answered);
    return detail ? [{ invariant: 'I8', ...named(account), detail: `read at ${sent}: ${detail}` }] : [];
  });
}

/** I10. What the balances are in the end. */
async function balanceFindings(
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
    // That an order is missing has been said already.
    if (balance === undefined && account.startsWith('line:')) {
      return [];
    }
    const end = Number.POSITIVE_INFINITY;
    const detail =
      balance === undefined
        ? 'it was created, but is not there'
        : contradiction(ledger, account, balance, end, end);
    return detail ? [{ invariant: 'I10', ...named(account), detail }] : [];
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
  if (ledger.forgotten || origin === undefined || sent < origin.at) {
    return undefined;
  }
  const changes = (ledger.changes.get(account) ?? []).filter((change) => change.sent >= origin.at);
  const { least, most } = possibleBalance(origin.balance, changes, sent, answered);
  if (balance >= least && balance <= most) {
    return undefined;
  }
  const range = least === most ? `${least}` : `${least} to ${most}`;
  return `${account.split(':')[0]} is ${balance}, but by what was acknowledged it must be ${range}`;
}

function named(account: Account): Partial<Finding> {
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
