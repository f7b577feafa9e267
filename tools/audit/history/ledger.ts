import type { CheckoutName } from '../../../shared/services';
import type { Change } from './account';
import { answeredAt, classify, type Exchange } from './history';
import { Losses } from './loss';

/** A balance by name: `credit:<user>`, `stock:<item>` or `line:<order>/<item>`. */
export type Account = string;

/** When an account began, and with which balance. */
export interface Origin {
  at: number;
  balance: number;
}

export interface Read {
  account: Account;
  balance: number;
  sent: number;
  answered: number;
}

/** The service that keeps each kind of account. */
const keepers: Record<string, CheckoutName> = { credit: 'payment', stock: 'stock', line: 'order' };

export function keeperOf(account: Account): CheckoutName {
  return keepers[account.split(':')[0] as string] as CheckoutName;
}

/** What a history says, sorted by account and order. */
export class Ledger {
  readonly changes = new Map<Account, Change[]>();
  readonly reads: Read[] = [];
  readonly checkouts = new Map<string, Exchange[]>();
  readonly orderReads = new Map<string, Exchange[]>();
  /** Orders whose creation was acknowledged, with the time. */
  readonly created = new Map<string, number>();
  /** Users who created an order. */
  readonly owners = new Map<string, string>();
  /** Orders of which it is unknown what they contained: order may have forgotten lines, or the whole order. */
  readonly forgotten = new Set<string>();
  /** Orders that a request tried to remove, or that batch_init replaced. Whether they exist is not checked. */
  readonly maybeRemoved = new Set<string>();
  /** Accounts that were changed by a request whose answer does not show the effect. They are not checked. */
  readonly unclear = new Set<Account>();
  /** Orders were replaced after checkouts, so it is unknown which users those charged, and for what. */
  hasLostCheckouts = false;

  private readonly items = new Map<string, Set<string>>();
  private readonly origins = new Map<Account, Origin>();
  private readonly ranges: { kind: string; count: number; origin: Origin | undefined }[] = [];

  constructor(readonly losses = new Losses([])) {}

  create(account: Account, exchange: Exchange): void {
    this.origins.set(account, { at: exchange.at, balance: 0 });
    if (this.losses.includes(keeperOf(account), exchange)) {
      this.unclear.add(account);
    }
  }

  /** batch_init: rows "0" to "count-1" start over. Without a known origin, it is unknown whether they did. */
  reset(kind: string, count: number, origin: Origin | undefined): void {
    this.ranges.push({ kind, count, origin });
  }

  /** Records that the line of an order grew or shrank. */
  changeLine(order: string, item: string, delta: number, exchange: Exchange): void {
    this.items.set(order, (this.items.get(order) ?? new Set()).add(item));
    if (this.losses.includes('order', exchange)) {
      this.forgotten.add(order);
    }
    this.change(`line:${order}/${item}`, delta, exchange);
  }

  /** The items that the history added to an order. */
  itemsOf(order: string): string[] {
    return [...(this.items.get(order) ?? [])];
  }

  /** Every account that was created or changed by name. */
  accounts(): Account[] {
    return [...new Set([...this.origins.keys(), ...this.changes.keys()])];
  }

  /** The origin of an account; undefined when the history does not tell. */
  originOf(account: Account): Origin | undefined {
    const [kind = '', name = ''] = account.split(':');
    if (this.unclear.has(account)) {
      return undefined;
    }
    if (kind === 'line') {
      return this.originOfLine(account, name.slice(0, name.indexOf('/')));
    }
    const covering = this.ranges.filter(
      (range) => range.kind === kind && /^(0|[1-9]\d*)$/.test(name) && Number(name) < range.count,
    );
    if (covering.length === 0) {
      return this.origins.get(account);
    }
    const last = covering.at(-1);
    return covering.some((range) => range.origin === undefined) ? undefined : last?.origin;
  }

  /** The lines of an order begin with the order. */
  private originOfLine(account: Account, order: string): Origin | undefined {
    const at = this.created.get(order);
    return at === undefined || this.maybeRemoved.has(order) || this.unclear.has(account)
      ? undefined
      : { at, balance: 0 };
  }

  /**
   * @param group changes with the same group are one change that was requested several times
   * @param mayBeLost whether the account's service may have forgotten the change
   */
  change(
    account: Account,
    delta: number,
    exchange: Exchange,
    {
      group = exchange.key,
      isTemporary = false,
      mayBeLost = this.losses.includes(keeperOf(account), exchange),
    }: { group?: string | undefined; isTemporary?: boolean; mayBeLost?: boolean } = {},
  ): void {
    const changes = this.changes.get(account) ?? [];
    this.changes.set(account, changes);
    changes.push({
      delta,
      group: group ?? `request ${changes.length}`,
      isTemporary,
      sent: exchange.at,
      answered: answeredAt(exchange),
      outcome: mayBeLost ? 'unknown' : classify(exchange),
    });
  }

  read(account: Account, balance: unknown, exchange: Exchange): void {
    if (typeof balance !== 'number') {
      return;
    }
    this.reads.push({ account, balance, sent: exchange.at, answered: answeredAt(exchange) });
  }
}
