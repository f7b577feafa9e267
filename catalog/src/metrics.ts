import { Counter } from 'prom-client';
import { registers, sampled } from '../../shared/observe/metrics';

export const reads = new Counter({
  name: 'catalog_reads_total',
  help: 'Questions that were answered from memory (hit), with a query (miss), or with a query that ran already (shared).',
  labelNames: ['result'] as const,
  registers,
});
for (const result of ['hit', 'miss', 'shared']) {
  reads.inc({ result }, 0);
}

export const votesCounted = new Counter({
  name: 'catalog_votes_total',
  help: 'Votes that were counted, changed ones included.',
  registers,
});

export const restocksWaiting = sampled(
  'catalog_restocks_waiting',
  'Restocks that stock has not answered yet.',
);

export const restocksOldest = sampled(
  'catalog_restocks_oldest_seconds',
  'Age of the oldest restock that stock has not answered yet; 0 if there is none.',
);
