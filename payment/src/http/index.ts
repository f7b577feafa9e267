import { PrismaPg } from '@prisma/adapter-pg';
import { onlyWhenEnabled } from '../../../shared/http/batch-init';
import type { Route } from '../../../shared/http/route';
import type { Database } from '../../../shared/postgres/database';
import { PrismaClient } from '../../prisma/client/client';
import { addFunds } from './add-funds';
import { batchInit } from './batch-init';
import { cancelOrderPayment } from './cancel-order-payment';
import { createUser } from './create-user';
import { findUser } from './find-user';
import { orderPaymentStatus } from './order-payment-status';
import { pay } from './pay';
import { payOrder } from './pay-order';

export interface PaymentHttp {
  readonly database: Database;
  /** For plain reads. */
  readonly reads: Database;
  readonly batchInit: boolean;
}

export function routes({ database, reads, batchInit: enabled }: PaymentHttp): Route[] {
  const prisma = new PrismaClient({ adapter: new PrismaPg(reads.pool) });
  return [
    createUser(database),
    findUser(prisma),
    addFunds(database),
    pay(database),
    payOrder(database),
    cancelOrderPayment(database),
    orderPaymentStatus('GET', prisma),
    orderPaymentStatus('POST', prisma),
    onlyWhenEnabled(enabled, batchInit(database)),
  ];
}
