import { PrismaPg } from '@prisma/adapter-pg';
import { onlyWhenEnabled } from '../../../shared/http/batch-init';
import type { Route } from '../../../shared/http/route';
import type { Database } from '../../../shared/postgres/database';
import { PrismaClient } from '../../prisma/client/client';
import { addItem, addOneItem } from './add-item';
import { batchInit } from './batch-init';
import { createOrder } from './create-order';
import { findOrder } from './find-order';
import { findPurchase } from './find-purchase';
import { listOrders } from './list-orders';
import { openPrices } from './prices';
import { removeItem } from './remove-item';
import { removeOrder } from './remove-order';

export interface OrderHttp {
  readonly database: Database;
  /** For plain reads. */
  readonly reads: Database;
  readonly batchInit: boolean;
  /** The base URL of stock, for the prices of items. */
  readonly stockUrl: string;
  /** How long stock is asked again when it does not answer. */
  readonly stockWithinMs?: number | undefined;
}

/** Returns all routes except checkout, which needs the saga. */
export function routes({ database, reads, batchInit: enabled, stockUrl, stockWithinMs }: OrderHttp): Route[] {
  const prisma = new PrismaClient({ adapter: new PrismaPg(reads.pool) });
  const prices = openPrices(stockUrl, stockWithinMs);
  return [
    createOrder(database),
    listOrders(prisma),
    findOrder(prisma),
    findPurchase(prisma),
    addItem(database, prices),
    addOneItem(database, prices),
    removeItem(database),
    removeOrder(database),
    onlyWhenEnabled(enabled, batchInit(database, prices)),
  ];
}
