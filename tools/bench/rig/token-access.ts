/** What requests are sent with, where the services want tokens. */
export interface TokenAccess {
  /** For batch_init. */
  readonly staff: string;
  /** Of each buyer. */
  readonly tokens: readonly string[];
  /** Reads the buyer of each order. */
  readBuyers(): Promise<number[]>;
}
