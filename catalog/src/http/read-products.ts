import * as z from 'zod';
import { total } from '../../../shared/http/inputs';
import { type Answer, problem } from '../../../shared/http/problem';
import { Prisma, type PrismaClient } from '../../prisma/client/client';
import type { Levels } from '../levels';

/** How buyers judge a product. */
export const ratingSchema = z.object({
  average: z.number().min(1).max(5).nullable().meta({ description: 'Of the stars; null without a vote.' }),
  votes: total,
  stars: z.array(total).length(5).meta({ description: 'How many votes have 1 star, 2 stars, and so on.' }),
});
export type Rating = z.infer<typeof ratingSchema>;

export const productSchema = z.object({
  item_id: z.string().meta({ description: 'Also the id of the item in stock.' }),
  name: z.string(),
  description: z.string(),
  picture: z.string(),
  categories: z.array(z.string()),
  price: total,
  quantity: total.nullable().meta({
    description: 'How many can be sold, as stock said a moment ago; null if it has not said anything yet.',
  }),
  rating: ratingSchema,
});
export type Product = z.infer<typeof productSchema>;

/** A product as the database has it. */
interface Row extends Omit<Product, 'quantity' | 'rating'> {
  readonly hidden: boolean;
  readonly listed: boolean;
  readonly counts: number[];
}

/** What is not in the database is left out. */
export type Kept = Omit<Product, 'quantity'> & Pick<Row, 'hidden' | 'listed'>;

export const LISTED = Prisma.sql`listed_at IS NOT NULL AND NOT hidden`;

/** Returns the first products that meet all conditions, in the order given. */
export async function readProducts(
  prisma: PrismaClient,
  { conditions, order, limit }: { conditions: readonly Prisma.Sql[]; order: Prisma.Sql; limit: number },
): Promise<Kept[]> {
  const where =
    conditions.length === 0 ? Prisma.empty : Prisma.sql`WHERE ${Prisma.join(conditions, ' AND ')}`;
  const rows = await prisma.$queryRaw<Row[]>`
    SELECT item_id, name, description, picture, categories, price::float8, hidden, listed_at IS NOT NULL AS listed,
           coalesce(counts, '{0,0,0,0,0}')::float8[] AS counts
    FROM products LEFT JOIN vote_counts USING (item_id) ${where} ORDER BY ${order} LIMIT ${limit}`;
  return rows.map(({ counts, ...product }) => ({ ...product, rating: ratingOf(counts) }));
}

/** @param counts element i counts the votes with i + 1 stars */
export function ratingOf(counts: readonly number[]): Rating {
  const votes = counts.reduce((sum, count) => sum + count, 0);
  const stars = counts.reduce((sum, count, i) => sum + count * (i + 1), 0);
  return { average: votes === 0 ? null : Math.round((10 * stars) / votes) / 10, votes, stars: [...counts] };
}

/** What buyers see of a product. */
export function asProduct({ hidden: _, listed: __, ...product }: Kept, levels: Pick<Levels, 'get'>): Product {
  return { ...product, quantity: levels.get(product.item_id) };
}

export function unknownProduct(id: string): Answer {
  return problem(404, { reason: 'unknown_product', detail: `There is no product ${id}.` });
}
