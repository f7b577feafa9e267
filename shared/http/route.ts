import type * as z from 'zod';
import type { Traceparent } from '../observe/trace';
import type { Answer } from './problem';

/**
 * A route is data: the server matches and validates by it, and the OpenAPI document is written from it, so that the
 * two cannot drift apart.
 */
export interface Route<Params extends z.ZodObject = z.ZodObject> {
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** An OpenAPI template: `/stock/add/{item_id}/{amount}`. */
  readonly path: string;
  readonly summary: string;
  readonly description?: string;
  /** The parameters of the path, in any order. */
  readonly params: Params;
  /** Whether an `Idempotency-Key` header means something here; elsewhere it is ignored. */
  readonly idempotent?: boolean;
  /** Whether `Prefer: respond-async` means something here; elsewhere it is ignored. */
  readonly preferAsync?: boolean;
  /** Statuses and what they mean: a schema for a JSON body, or from 400 on the meaning of the problem. */
  readonly answers: Readonly<Record<number, z.ZodType | string>>;
  /** A refusal is a returned problem. Whatever this throws is a fault, answered 503 or 500. */
  handle(request: ApiRequest<z.infer<Params>>): Promise<Answer>;
}

/** A request that has passed validation. Its functions are called on it, and not taken out of it. */
export interface ApiRequest<Params> {
  readonly method: string;
  readonly path: string;
  readonly params: Params;
  readonly idempotencyKey: string | undefined;
  readonly respondAsync: boolean;
  /** The context of this request's span: hand it on to whatever the request causes. */
  readonly traceparent: Traceparent;
  /** Whether the client went away before it was answered. */
  isGone(): boolean;
  /** Calls the listener when the client goes away before it is answered; at once if it has gone. */
  whenGone(listener: () => void): void;
}

/** Keeps the parameter types of one route while it is written down. */
export function route<Params extends z.ZodObject>(definition: Route<Params>): Route {
  return definition as unknown as Route;
}
