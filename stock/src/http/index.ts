import { PrismaPg } from '@prisma/adapter-pg';
import { onlyWhenEnabled } from '../../../shared/http/batch-init';
import type { Route } from '../../../shared/http/route';
import type { Database } from '../../../shared/postgres/database';
import { PrismaClient } from '../../prisma/client/client';
import { add } from './add-stock';
import { batchInit } from './batch-init';
import { createItem } from './create-item';
import { findItem } from './find-item';
import { findItems } from './find-items';
import { subtract } from './subtract-stock';

export interface StockHttp {
  readonly database: Database;
  /** For plain reads. */
  readonly reads: Database;
  readonly batchInit: boolean;
  /** Called after a change was committed, because sagas may be waiting for these items. */
  readonly onStockChanged: (itemIds: string[]) => void;
}

export function routes({ database, reads, batchInit: enabled, onStockChanged }: StockHttp): Route[] {
  const prisma = new PrismaClient({ adapter: new PrismaPg(reads.pool) });
  return [
    createItem(database),
    findItem(prisma),
    findItems(prisma),
    add(database, onStockChanged),
    subtract(database, onStockChanged),
    onlyWhenEnabled(enabled, batchInit(database)),
  ];
}
