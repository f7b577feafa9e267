import type { ServiceName } from '../../shared/services';

/** Connections: enough for every step to have a batch in the making while others are under way, if not always to fill the machine. */
export const SATURATED = 512;

/** How scenarios are measured, the same for all of them. */
export interface BenchSettings {
  /** Of each measurement, after its warm-up. */
  seconds: number;
  warmUpSeconds: number;
  rounds: number;
  /** Users, items and orders. */
  size: number;
  historyOrders: number;
  memorySeconds: number;
  quick: boolean;
  target?: Record<ServiceName, string>;
  profile: boolean;
  json?: string | undefined;
  html?: string | undefined;
  write: boolean;
}
