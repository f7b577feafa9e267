import type { Order } from '../../client/types';
import { meaningOf } from '../checkout/reasons';

/** How an order stands, in a word and in a sentence. */
export function statusOf({ status, state, reason }: Order): { word: string; tone: string; text: string } {
  switch (status) {
    case 'PAID':
      return { word: 'Paid', tone: 'good', text: 'The goods are yours.' };
    case 'CHECKING_OUT':
      return {
        word: 'Being decided',
        tone: 'careful',
        text: 'The shop has not decided yet. This page asks again.',
      };
    case 'DISPUTED':
      return {
        word: 'Paid earlier',
        tone: 'careful',
        text: 'It was paid earlier with other contents. Nothing more was taken.',
      };
    case 'OPEN':
      return state === 'FAILED'
        ? {
            word: 'Not paid',
            tone: 'bad',
            text: `${meaningOf(reason ?? '').title}. Nothing was taken from your credit.`,
          }
        : {
            word: 'Not paid yet',
            tone: 'plain',
            text: 'It was never paid. Nothing was taken from your credit.',
          };
  }
}

export function Status({ order }: { order: Order }) {
  const { word, tone } = statusOf(order);
  return <span className={`badge ${tone}`}>{word}</span>;
}
