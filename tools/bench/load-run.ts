import type { Latency } from './load/histogram';

/** One measured stretch of checkouts. */
export interface LoadRun {
  name: string;
  connections: number;
  /** Set in an open loop only. */
  arrivalsPerSecond?: number;
  /** Length of the measured part. */
  seconds: number;
  checkouts: number;
  perSecond: number;
  /** Counts by status and reason. */
  answers: Record<string, number>;
  latencyMs: Latency;
  /** An HDR histogram of microseconds, compressed, in base64. */
  histogram: string;
  /** Checkouts in each second of the measured part. */
  everySecond: number[];
  /** Processor seconds in the measured part, by process group; `machine` is the whole machine. */
  cpuSeconds: Record<string, number>;
  /** The mean number of events in a batch, by step. */
  batchSizes: Record<string, number>;
  /** Bytes per checkout between the load and order. */
  httpBytes: { sent: number; received: number };
}

export interface LoadRunOptions {
  name: string;
  connections: number;
  seconds: number;
  warmUpSeconds: number;
  perSecond?: number;
  /** The only allowed answer. Default: 200, a paid checkout. */
  answer?: string;
}
