/** What each reason of the shop means to a buyer, and what they can do. After each of these, nothing was paid for the order. */
interface Meaning {
  readonly title: string;
  readonly advice: string;
  /** Whether the same order can go through later. */
  readonly canRepeat: boolean;
}

const MEANINGS: Readonly<Record<string, Meaning>> = {
  out_of_stock: {
    title: 'There are not enough units left',
    advice:
      'Somebody else was faster. Nothing was taken from your credit. Lower a quantity or take something out of your basket. You can also try again later: units may come back.',
    canRepeat: true,
  },
  insufficient_credit: {
    title: 'Your credit is not enough',
    advice:
      'Nothing was taken from it. Take something out of your basket, or ask the shop to add to your credit, and try again.',
    canRepeat: true,
  },
  unknown_user: {
    title: 'The till does not know you',
    advice: 'Nothing was paid. Try again: the till is told about you first.',
    canRepeat: true,
  },
  unknown_item: {
    title: 'Something in your basket is no longer sold',
    advice:
      'Nothing was paid. Open what is in your basket, take out what the shop no longer shows, and try again.',
    canRepeat: false,
  },
  cancelled: {
    title: 'It took too long, so the shop called it off',
    advice: 'Nothing was taken from your credit, and what was set aside for you is free again. Try again.',
    canRepeat: true,
  },
  sold_before: {
    title: 'This order was sold to you earlier',
    advice:
      'It was paid at that time with other contents. Nothing more was taken from your credit. Put what else you want into a new order.',
    canRepeat: false,
  },
  already_paid: {
    title: 'This order is paid already',
    advice: 'Nothing more was taken from your credit. You find it among your orders.',
    canRepeat: false,
  },
  unknown_order: {
    title: 'The shop does not have this order any more',
    advice: 'Nothing was paid. Begin again from your basket.',
    canRepeat: false,
  },
  limit_exceeded: {
    title: 'This is more than one order can have',
    advice: 'Nothing was paid. Lower a quantity, and make several orders.',
    canRepeat: false,
  },
  unauthenticated: {
    title: 'You have been logged out',
    advice: 'Nothing was paid. Log in again, and go on from your basket.',
    canRepeat: false,
  },
};

/** @param detail what the shop itself said */
export function meaningOf(reason: string, detail = ''): Meaning {
  return (
    MEANINGS[reason === 'invalid_token' ? 'unauthenticated' : reason] ?? {
      title: 'The shop refused the order',
      advice: `Nothing was paid. ${detail}`,
      canRepeat: false,
    }
  );
}
