import type * as z from 'zod';
import type { Role } from '../access/caller';
import type { Traceparent } from '../observe/trace';
import type { Answer } from './problem';

/**
 * Whom a route is for, where access is required: everybody, everybody who is signed in, or those with a role. What a buyer's
 * route is about has to belong to that buyer.
 */
export type Audience = 'public' | 'buyer' | Role;

/**
 * A route is data: the server matches and validates with it, and the OpenAPI document is generated from it, so the two
 * cannot drift apart.
 */
export interface Route<Params extends z.ZodObject = z.ZodObject, Body extends z.ZodType = z.ZodType> {
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** An OpenAPI template: `/stock/add/{item_id}/{amount}`. */
  readonly path: string;
  readonly audience: Audience;
  /** The role that may use a buyer's route for any buyer, as operators may. */
  readonly forBuyers?: Role;
  readonly summary: string;
  readonly description?: string;
  /** The parameters of the path, in any order. */
  readonly params: Params;
  /** The JSON that a request must bring; without it, a body is ignored. */
  readonly body?: Body;
  /** Whether this route uses an `Idempotency-Key` header; other routes ignore it. */
  readonly idempotent?: boolean;
  /** Whether this route uses `Prefer: respond-async`; other routes ignore it. */
  readonly preferAsync?: boolean;
  /**
   * Returns the id of the row that a request locks. Requests with the same id take turns, so that they do not use up the
   * database connections while they wait for one another. The handler runs again while somebody else has the row locked.
   */
  locks?(params: z.infer<Params>): string;
  /** What each status means: a schema for its JSON body or, from 400 on, a description of the problem. */
  readonly answers: Readonly<Record<number, z.ZodType | string>>;
  /** Returns a problem document to refuse the request. An exception is a fault, answered with 503 or 500. */
  handle(request: ApiRequest<z.infer<Params>, z.infer<Body>>): Promise<Answer>;
}

/** A request that has passed validation. Call its methods on the object; they do not work detached. */
export interface ApiRequest<Params, Body = unknown> {
  readonly method: string;
  readonly path: string;
  readonly params: Params;
  readonly body: Body;
  /** A hash of the body as it was sent; undefined without one. */
  readonly bodyHash: string | undefined;
  /** Where access is required, no other caller has the same one. */
  readonly idempotencyKey: string | undefined;
  readonly respondAsync: boolean;
  /**
   * The only user whose things this request may be about; undefined if it may be anybody's. What belongs to somebody else is
   * answered like what does not exist. A parameter `user_id` was checked already.
   */
  readonly onlyOf: string | undefined;
  /** Whether the route says which row the request locks. */
  readonly locksRow: boolean;
  /** The context of this request's span: pass it on to whatever the request causes. */
  readonly traceparent: Traceparent;
  /** Whether the client disconnected before it was answered. */
  isGone(): boolean;
  /** Calls the listener when the client disconnects before it is answered; at once if it already has. */
  whenGone(listener: () => void): void;
}

/** Defines a route, with its parameter types checked inside the definition. */
export function route<Params extends z.ZodObject, Body extends z.ZodType>(
  definition: Route<Params, Body>,
): Route {
  return definition as unknown as Route;
}
