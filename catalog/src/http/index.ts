import { PrismaPg } from '@prisma/adapter-pg';
import type { Route } from '../../../shared/http/route';
import type { Database } from '../../../shared/postgres/database';
import { PrismaClient } from '../../prisma/client/client';
import type { CatalogHttp } from './catalog-http';
import { editProduct } from './edit-product';
import { findProduct } from './find-product';
import { findRestock } from './find-restock';
import { findVote } from './find-vote';
import { listCategories } from './list-categories';
import { listInventory } from './list-inventory';
import { listProducts } from './list-products';
import { openLists } from './lists';
import { stockProduct } from './stock-product';
import { vote } from './vote';

export function routes({
  reads,
  searches,
  ...others
}: Omit<CatalogHttp, 'prisma' | 'lists'> & { reads: Database; searches: Database }): Route[] {
  const prisma = new PrismaClient({ adapter: new PrismaPg(reads.pool) });
  const http = { ...others, prisma, lists: openLists(searches.pool) };
  return [
    listProducts(http),
    findProduct(http),
    listCategories(http),
    listInventory(http),
    stockProduct(http),
    editProduct(http),
    findRestock(http),
    vote(http),
    findVote(http),
  ];
}
