import type { Order } from '../../client/types';

/** Why the shop refused a payment, in a few words. */
const REASONS: Readonly<Record<string, string>> = {
  out_of_stock: 'not enough units',
  insufficient_credit: 'not enough credit',
  unknown_user: 'the till does not know the buyer',
  unknown_item: 'something is no longer sold',
  cancelled: 'it took too long',
};

/** How an order stands, for the shop's staff. */
export function standing({ status, state, reason }: Order): { word: string; tone: string } {
  switch (status) {
    case 'PAID':
      return { word: 'Paid', tone: 'good' };
    case 'CHECKING_OUT':
      return { word: 'Being decided', tone: 'careful' };
    case 'DISPUTED':
      return { word: 'Paid earlier, with other contents', tone: 'careful' };
    case 'OPEN':
      return state === 'FAILED'
        ? { word: `Not paid: ${REASONS[reason ?? ''] ?? reason}`, tone: 'bad' }
        : { word: 'Never paid', tone: 'plain' };
  }
}
