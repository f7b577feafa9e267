/** The invariants of the protocol, by number and in words. */
export const invariants = {
  I1: 'money: every credit is the sum of its ledger, and nothing is created or lost',
  I2: 'stock: available, held and sold are what was added, less what was taken away',
  I3: 'charged, sold and paid are the same sagas',
  I4: 'an order is charged at most once',
  I5: 'what was ordered, reserved and charged is the same',
  I6: 'every saga has ended, and no event is left anywhere',
  I7: 'a checkout was answered 200 only if it was paid, and 4xx only if it was never charged',
  I8: 'a read that follows a final answer agrees with it',
  I9: 'what is paid stays paid, and its lines stay as they were',
  I10: 'what was acknowledged is still there',
} as const;

export type Invariant = keyof typeof invariants;

/** One thing that must never be, with the names of whatever it concerns. */
export interface Finding {
  readonly invariant: Invariant;
  readonly saga_id?: string;
  readonly order_id?: string;
  readonly user_id?: string;
  readonly item_id?: string;
  readonly detail: string;
}

/** A check reports no more than this: whoever has that many findings needs no more of the same kind. */
export const MAX_FINDINGS = 100;
