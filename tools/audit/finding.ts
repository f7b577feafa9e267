/** The invariants of the protocol, by number and in words. */
export const invariants = {
  I1: 'the credit of every user is the sum of its ledger, and no money is created or lost',
  I2: 'available, reserved and sold units add up to what was added less what was subtracted',
  I3: 'the sagas that were charged, sold and paid are the same',
  I4: 'an order is charged at most once',
  I5: 'what was ordered, what was reserved and what was charged agree',
  I6: 'every saga has ended, and no event is left in an outbox or a queue',
  I7: 'a checkout was answered 200 only if it was paid, and a final 4xx only if it was never charged',
  I8: 'a read after a final answer agrees with it',
  I9: 'a paid order stays paid, and its lines do not change',
  I10: 'every acknowledged write is still there',
  I11: 'catalog and stock agree on every restock, and its units were added once',
  I12: 'the counts of every product are the sum of its votes',
} as const;

export type Invariant = keyof typeof invariants;

/** One place where an invariant does not hold, with the ids of what it concerns. */
export interface Finding {
  readonly invariant: Invariant;
  readonly saga_id?: string;
  readonly order_id?: string;
  readonly user_id?: string;
  readonly item_id?: string;
  readonly detail: string;
}

/** A check stops after this many findings: more of the same kind would not help an operator. */
export const MAX_FINDINGS = 100;
/** Except for sagas on which the services disagree: after a restore, each of them concerns a buyer. */
export const MAX_OUTCOMES = 10_000;
