import type { CheckoutName } from '../../shared/services';

/**
 * This many connections are enough for every step to collect a batch while other batches are in progress, but not
 * always enough to keep every core busy.
 */
export const SATURATED = 512;

/** How to measure; the same for all scenarios. */
export interface BenchSettings {
  /** Length of each measurement, after its warm-up. */
  seconds: number;
  warmUpSeconds: number;
  rounds: number;
  /** Number of users, items and orders. */
  size: number;
  historyOrders: number;
  memorySeconds: number;
  quick: boolean;
  target?: Record<CheckoutName, string>;
  profile: boolean;
  json?: string | undefined;
  html?: string | undefined;
  write: boolean;
}
