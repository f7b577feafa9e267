import { PrismaPg } from '@prisma/adapter-pg';
import { overloaded, Refusal } from '../../../shared/http/problem';
import type { BoundedPool } from '../../../shared/postgres/bounded-pool';
import { PrismaClient } from '../../prisma/client/client';

/** Reads lists, on connections on which the planner may use every index. Those of the services only look keys up. */
export interface Lists {
  /** @throws Refusal with 503 when as many are being read as can be */
  read<T>(work: (prisma: PrismaClient) => Promise<T>): Promise<T>;
}

/** What is in memory is answered whatever others search for, so they wait here and not where everybody does. */
const MAX_AT_A_TIME = 50;

export function openLists(pool: BoundedPool): Lists {
  const prisma = new PrismaClient({ adapter: new PrismaPg(pool) });
  let reading = 0;
  return {
    async read(work) {
      if (reading >= MAX_AT_A_TIME) {
        throw new Refusal(overloaded('Too many others search at the same time, so nothing was read.'));
      }
      reading++;
      try {
        return await work(prisma);
      } finally {
        reading--;
      }
    },
  };
}
