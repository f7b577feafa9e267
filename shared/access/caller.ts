/** What somebody may be beside a buyer, which everybody is who has a token. */
export type Role = 'shopkeeper' | 'operator';

/** Who sends a request, as a token says. */
export interface Caller {
  /** The id of the user. */
  readonly subject: string;
  readonly roles: readonly string[];
}
