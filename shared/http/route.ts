import type * as z from 'zod';
import type { Role } from '../access/caller';
import type { Traceparent } from '../observe/trace';
import type { Staff } from '../postgres/staff';
import type { Answer } from './problem';

/**
 * Whom a route is for, where access is required: everybody, everybody who is signed in, or those with a role. What a buyer's
 * route is about has to belong to that buyer. A route for a session is for whoever logged in at this service and has not
 * logged out, which the route itself finds out: tokens are made of sessions.
 */
export type Audience = 'public' | 'session' | 'buyer' | Role;

/**
 * A route is data: the server matches and validates with it, and the OpenAPI document is generated from it, so the two
 * cannot drift apart.
 */
export interface Route<
  Params extends z.ZodObject = z.ZodObject,
  Body extends z.ZodType = z.ZodType,
  Query extends z.ZodObject = z.ZodObject,
> {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  /** An OpenAPI template: `/stock/add/{item_id}/{amount}`. */
  readonly path: string;
  readonly audience: Audience;
  /** The role that may use a buyer's route for any buyer, as operators may. */
  readonly forBuyers?: Role;
  readonly summary: string;
  readonly description?: string;
  /** The parameters of the path, in any order. */
  readonly params: Params;
  /** The parameters of the query; without it, a query is ignored. */
  readonly query?: Query;
  /** The JSON that a request must bring; without it, a body is ignored. */
  readonly body?: Body;
  /** Whether this route uses an `Idempotency-Key` header; other routes ignore it. */
  readonly idempotent?: boolean;
  /** Whether this route uses `Prefer: respond-async`; other routes ignore it. */
  readonly preferAsync?: boolean;
  /** Whether a client may keep an answer and ask whether it is still true: it gets an ETag, and 304 as long as it is. */
  readonly revalidates?: boolean;
  /** For how long anybody may keep an answer without asking. Then it revalidates. */
  readonly freshSeconds?: number;
  /**
   * Returns the id of the row that a request locks. Requests with the same id take turns, so that they do not use up the
   * database connections while they wait for one another. The handler runs again while somebody else has the row locked.
   */
  locks?(params: z.infer<Params>): string;
  /** What each status means: a schema for its JSON body or, from 400 on, a description of the problem. */
  readonly answers: Readonly<Record<number, z.ZodType | string>>;
  /** Returns a problem document to refuse the request. An exception is a fault, answered with 503 or 500. */
  handle(request: ApiRequest<z.infer<Params>, z.infer<Body>, z.infer<Query>>): Promise<Answer>;
}

/** Whether answers have an ETag. */
export function revalidates({ revalidates, freshSeconds }: Route): boolean {
  return revalidates === true || freshSeconds !== undefined;
}

/** A request that has passed validation. Call its methods on the object; they do not work detached. */
export interface ApiRequest<Params, Body = unknown, Query = unknown> {
  readonly method: string;
  readonly path: string;
  readonly params: Params;
  readonly query: Query;
  readonly body: Body;
  /** A hash of the body as it was sent; undefined without one. */
  readonly bodyHash: string | undefined;
  /** Where access is required, no other caller has the same one. */
  readonly idempotencyKey: string | undefined;
  readonly respondAsync: boolean;
  /** Set if a shopkeeper or an operator does something that is not about their own things: it is written down. */
  readonly staff: Staff | undefined;
  /**
   * The only user whose things this request may be about; undefined if it may be anybody's. What belongs to somebody else is
   * answered like what does not exist. A parameter `user_id` was checked already.
   */
  readonly onlyOf: string | undefined;
  /** Whether the route says which row the request locks. */
  readonly locksRow: boolean;
  /** The context of this request's span: pass it on to whatever the request causes. */
  readonly traceparent: Traceparent;
  /** The address of whoever is at the other end of the connection: the client, or the gateway. */
  readonly peer: string;
  /** Returns a header by its name in lower case; undefined without it. */
  header(name: string): string | undefined;
  /** Whether the client disconnected before it was answered. */
  isGone(): boolean;
  /** Calls the listener when the client disconnects before it is answered; at once if it already has. */
  whenGone(listener: () => void): void;
}

/** Defines a route, with its parameter types checked inside the definition. */
export function route<
  Params extends z.ZodObject,
  Body extends z.ZodType,
  Query extends z.ZodObject = z.ZodObject,
>(definition: Route<Params, Body, Query>): Route {
  return definition as unknown as Route;
}
