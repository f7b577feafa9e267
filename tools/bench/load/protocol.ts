/** A request to the process that makes the load. `batch_init` names the orders: "0", "1", and so on. */
export interface LoadRequest {
  /** Replicas of order. The connections go to them in turn. */
  urls: readonly string[];
  /** Connections beyond the first 512 check out an order each before the warm-up begins. */
  connections: number;
  /** The first order to check out. Each order up to `end` is checked out once. */
  first: number;
  /** Not checked out any more. */
  end: number;
  warmUpMs: number;
  forMs: number;
  /**
   * With a rate the loop is open: checkouts begin at fixed times, whatever happened to the earlier ones. Latency counts
   * from those times, so that a stall shows in every checkout that was due during it. Without a rate the loop is
   * closed: each connection sends the next checkout when it has its answer.
   */
  perSecond?: number | undefined;
  /** The tokens of the buyers, and the buyer of each order. */
  authorize?: { tokens: readonly string[]; buyerOf: readonly number[] };
}

export interface LoadResult {
  /** Length of the measured part, after the warm-up. It is shorter than requested when the orders run out. */
  seconds: number;
  /** How many orders were used up, warm-up included. */
  used: number;
  /** Answers in the measured part, by status and reason. */
  answers: Record<string, number>;
  /** All answers, warm-up included. */
  allAnswers: Record<string, number>;
  /** Answers in each second of the measured part. */
  everySecond: number[];
  /** An HDR histogram of microseconds, compressed, in base64. */
  histogram: string;
  /** Sums over all sockets, warm-up included. */
  bytes: { sent: number; received: number };
}

/** `begin` and `end` mark the measured part, so that the parent can measure something else at the same time. */
export type LoadMessage = { event: 'begin' | 'end' } | { event: 'done'; result: LoadResult };
