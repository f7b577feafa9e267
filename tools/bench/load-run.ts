import type { Latency } from './load/histogram';

/** One measured stretch of checkouts. */
export interface LoadRun {
  name: string;
  connections: number;
  /** Of an open loop. */
  arrivalsPerSecond?: number;
  /** The measured part. */
  seconds: number;
  checkouts: number;
  perSecond: number;
  /** By status and reason. */
  answers: Record<string, number>;
  latencyMs: Latency;
  /** Microseconds: an HDR histogram, compressed, in base64. */
  histogram: string;
  everySecond: number[];
  /** Processor seconds in the measured part, by group of processes; `machine` is everything on it. */
  cpuSeconds: Record<string, number>;
  /** The mean number of events that each step handled at a time. */
  batchSizes: Record<string, number>;
  /** Between the load and order, for each checkout. */
  httpBytes: { sent: number; received: number };
}

export interface LoadRunOptions {
  name: string;
  connections: number;
  seconds: number;
  warmUpSeconds: number;
  perSecond?: number;
  /** The only answer that may come; checkouts that are paid unless told. */
  answer?: string;
}
