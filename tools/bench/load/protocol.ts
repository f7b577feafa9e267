/** What the process that makes the load is asked for. Orders are named by `batch_init`: "0", "1", and so on. */
export interface LoadRequest {
  /** Replicas of order, which the connections are dealt out to in turn. */
  urls: readonly string[];
  /** Those beyond the first 512 check out an order each before the warm-up begins. */
  connections: number;
  /** Checks out the orders from `first` up to and without `end`, each once. */
  first: number;
  end: number;
  warmUpMs: number;
  forMs: number;
  /**
   * With a rate the loop is open: checkouts begin at fixed times whatever has become of the earlier ones, and latency is
   * counted from those times, so that a stall is seen by everybody who would have come meanwhile. Without one, each
   * connection asks again when it has its answer.
   */
  perSecond?: number | undefined;
}

export interface LoadResult {
  /** The part that is measured, after the warm-up. It is shorter than asked for when the orders run out. */
  seconds: number;
  /** Orders used up, warm-up included. */
  used: number;
  /** Answers in the measured part, by status and reason. */
  answers: Record<string, number>;
  /** All answers, warm-up included. */
  allAnswers: Record<string, number>;
  /** Of the measured part. */
  everySecond: number[];
  /** Microseconds, as an HDR histogram's compressed base64. */
  histogram: string;
  /** Of all sockets, warm-up included. */
  bytes: { sent: number; received: number };
}

/** `begin` and `end` enclose the measured part, for whoever measures something else meanwhile. */
export type LoadMessage = { event: 'begin' | 'end' } | { event: 'done'; result: LoadResult };
