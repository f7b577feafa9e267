import * as z from 'zod';
import { answerOnce } from '../../../shared/http/idempotency';
import { MAX_AMOUNT } from '../../../shared/http/inputs';
import { type Answer, problem } from '../../../shared/http/problem';
import { type Route, route } from '../../../shared/http/route';
import { newId } from '../../../shared/new-id';
import type { Traceparent } from '../../../shared/observe/trace';
import { statement } from '../../../shared/postgres/statement';
import type { Tx } from '../../../shared/postgres/tx';
import { itemStocked } from '../saga/restock';
import type { CatalogHttp } from './catalog-http';
import { categories, description, name, picture } from './inputs';
import { lockNames, nameKey } from './name-key';

const body = z.object({
  name,
  quantity: z.int().min(1).max(MAX_AMOUNT).meta({ description: 'How many units are put into the shop.' }),
  price: z
    .int()
    .min(0)
    .max(MAX_AMOUNT)
    .optional()
    .meta({ description: 'In credits. A new product needs one, and keeps it for ever.' }),
  description: description.optional(),
  picture: picture.optional(),
  categories: categories.optional(),
});
type Stocked = z.infer<typeof body>;

const restockSchema = z.object({
  item_id: z.string(),
  restock_id: z.uuid(),
  is_new: z.boolean().meta({ description: 'Whether the shop did not know the name before.' }),
});

const findByName = statement<{ item_id: string; price: number }>(
  'http_find_by_name',
  'SELECT item_id, price FROM products WHERE name_key = $1',
);

const insertProduct = statement<{ item_id: string; price: number }>(
  'http_insert_product',
  `INSERT INTO products (item_id, name, name_key, description, picture, categories, price)
   VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING item_id, price`,
);

const insertRestock = statement(
  'http_insert_restock',
  'INSERT INTO restocks (id, item_id, quantity, price, traceparent) VALUES ($1, $2, $3, $4, $5)',
);

export function stockProduct({ database, outbox }: CatalogHttp): Route {
  return route({
    method: 'POST',
    path: '/catalog/products',
    audience: 'shopkeeper',
    summary: 'Put units of a product into the shop, a new one or one that it has',
    description:
      'A new name inserts a product, which buyers see once stock has its units. A known name adds to its quantity; then ' +
      '`description`, `picture` and `categories` are ignored: PATCH changes them.',
    params: z.object({}),
    body,
    idempotent: true,
    answers: {
      202: restockSchema,
      400: 'A field is not valid, or a new product has no price (`price_missing`).',
      409: 'The product has another price (`other_price`).',
    },
    async handle(request) {
      let stored: Awaited<ReturnType<typeof outbox.store>> = [];
      const answer = await answerOnce(database, request, async (tx) => {
        // What an earlier try has stored was rolled back with it.
        stored = [];
        const product = await findOrInsert(tx, request.body);
        if ('status' in product) {
          return product;
        }
        const restock = await requestRestock(tx, product, request.body.quantity, request.traceparent);
        stored = await outbox.store(tx, [itemStocked(restock)]);
        return {
          status: 202,
          body: { item_id: product.item_id, restock_id: restock.id, is_new: product.isNew },
          headers: { Location: `/catalog/restocks/${restock.id}` },
        };
      });
      if (answer.status === 202) {
        outbox.publish(stored);
      }
      return answer;
    },
  });
}

interface Found {
  readonly item_id: string;
  readonly price: number;
  readonly isNew: boolean;
}

async function findOrInsert(tx: Tx, stocked: Stocked): Promise<Found | Answer> {
  const { name, price, description = '', picture = 'parcel', categories = [] } = stocked;
  const key = nameKey(name);
  const [known] = await tx.run(findByName, [key]);
  if (known !== undefined) {
    return ofSamePrice(known, stocked);
  }
  if (price === undefined) {
    const detail = `The shop does not have a product "${name}" yet, so it needs a price. Or was the name misspelled?`;
    return problem(400, { reason: 'price_missing', detail });
  }
  await tx.run(lockNames);
  const [other] = await tx.run(findByName, [key]);
  if (other !== undefined) {
    return ofSamePrice(other, stocked);
  }
  const columns = [newId(), name, key, description, picture, categories, price];
  const [inserted] = await tx.run(insertProduct, columns);
  return { ...(inserted as Omit<Found, 'isNew'>), isNew: true };
}

function ofSamePrice(known: Omit<Found, 'isNew'>, { name, price }: Stocked): Found | Answer {
  if (price !== undefined && price !== known.price) {
    const detail = `"${name}" costs ${known.price}, and the price of a product never changes. Leave the price out, or choose another name.`;
    return problem(409, { reason: 'other_price', detail });
  }
  return { ...known, isNew: false };
}

async function requestRestock(tx: Tx, { item_id, price }: Found, quantity: number, traceparent: Traceparent) {
  const restock = { id: newId(), item_id, quantity, price, traceparent };
  await tx.run(insertRestock, [restock.id, item_id, quantity, price, traceparent]);
  return restock;
}
