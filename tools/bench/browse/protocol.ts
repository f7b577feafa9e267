/** People who look around in a shop, and buy now and then. */
export interface Crowd {
  readonly urls: { readonly order: string; readonly stock: string; readonly catalog: string };
  /** Products, all of which have plenty of units. */
  readonly items: readonly string[];
  /** Users "0" to this number, less one, have plenty of credit. */
  readonly users: number;
  /** How many people do one thing after the other. */
  readonly people: number;
  readonly warmUpMs: number;
  readonly forMs: number;
}

export interface CrowdResult {
  /** Latencies are as `encode` of ../load/histogram.ts returns them. */
  readonly reads: { readonly count: number; readonly latency: string };
  /** Checkouts that were measured. */
  readonly checkouts: { readonly count: number; readonly latency: string };
  /** Checkouts that were answered 200, those of the warm-up included. */
  readonly paid: number;
  /** Counts of all answers, by what was asked and status. */
  readonly answers: Readonly<Record<string, number>>;
  /** The longest time by which a page was behind what stock had said, in milliseconds. */
  readonly behindMs: number;
}
