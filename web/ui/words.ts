const numbers = new Intl.NumberFormat('en-GB');
const times = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'short' });

export const number = (value: number): string => numbers.format(value);

export const credits = (value: number): string => `${number(value)} ${value === 1 ? 'credit' : 'credits'}`;

export const plural = (count: number, one: string, many = `${one}s`): string =>
  `${number(count)} ${count === 1 ? one : many}`;

export const time = (iso: string): string => times.format(new Date(iso));

/** What can be sold, in words. */
export function quantityLeft(quantity: number | null): string {
  if (quantity === null) {
    return 'Counting …';
  }
  if (quantity === 0) {
    return 'Sold out';
  }
  return quantity === 1 ? 'Last one' : `${number(quantity)} left`;
}
