import { totalmem } from 'node:os';
import { Gauge } from 'prom-client';
import { registry } from './metrics';

/** What every process has that serves metrics, beside what prom-client exports of it. */

new Gauge({
  name: 'process_memory_limit_bytes',
  help: 'Memory that this process may use: the limit of its container, or else the memory of the machine.',
  registers: [registry],
  collect() {
    // Without a limit it returns 0, or more than any machine has.
    const limit = process.constrainedMemory() || Number.POSITIVE_INFINITY;
    this.set(Math.min(limit, totalmem()));
  },
});
