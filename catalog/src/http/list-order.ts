import * as z from 'zod';
import { Prisma } from '../../prisma/client/client';
import { nameKey } from './name-key';
import type { Kept } from './read-products';

/** The orders that lists of products come in. Each ends with a key that no two products share. */
const SORTS = {
  name: {
    order: Prisma.sql`name_key`,
    position: ({ name }: Kept) => [nameKey(name)],
    after: ([key]: Position) => Prisma.sql`name_key > ${key}`,
  },
  price: {
    order: Prisma.sql`price, item_id`,
    position: ({ price, item_id }: Kept) => [String(price), item_id],
    after: ([price, item_id]: Position) => Prisma.sql`(price, item_id) > (${price}::bigint, ${item_id})`,
  },
  newest: {
    order: Prisma.sql`item_id DESC`,
    position: ({ item_id }: Kept) => [item_id],
    after: ([item_id]: Position) => Prisma.sql`item_id < ${item_id}`,
  },
} as const;

export type Sort = keyof typeof SORTS;
type Position = readonly string[];

export const sort = z.enum(Object.keys(SORTS) as [Sort, ...Sort[]]);

/** Where a page of a list ended, as text for a URL: only this service reads it. */
const cursorOf = z.tuple([sort, z.string().max(200)], z.string().max(200));

export const orderBy = (sort: Sort): Prisma.Sql => SORTS[sort].order;

export function cursorAfter(sort: Sort, last: Kept): string {
  return Buffer.from(JSON.stringify([sort, ...SORTS[sort].position(last)])).toString('base64url');
}

/** Returns the condition for what comes after a cursor, or undefined if it is not one of a list in this order. */
export function after(sort: Sort, cursor: string): Prisma.Sql | undefined {
  const { data } = cursorOf.safeParse(decode(cursor));
  const [of, ...position] = data ?? [];
  const isWhole =
    of === sort &&
    position.length === (sort === 'price' ? 2 : 1) &&
    (sort !== 'price' || /^\d{1,10}$/.test(position[0] ?? ''));
  return isWhole && !position.join('').includes('\0') ? SORTS[sort].after(position) : undefined;
}

function decode(cursor: string): unknown {
  try {
    return JSON.parse(Buffer.from(cursor, 'base64url').toString());
  } catch {
    return undefined;
  }
}
