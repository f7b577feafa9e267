import { STATUS_CODES } from 'node:http';

/** What a route answers. From status 400 on, the body is a problem. */
export interface Answer {
  readonly status: number;
  readonly body: object;
  readonly headers?: Readonly<Record<string, string>>;
  /**
   * The answer asks the client to wait and repeat the request. It is not stored under an Idempotency-Key, because the
   * repetition must not get it again.
   */
  readonly isTransient?: boolean;
}

/** Problem details as in RFC 9457, with the members that this API adds. */
export interface Problem {
  /** A relative URI that names the reason, or about:blank when the status says it all. */
  readonly type: string;
  readonly title: string;
  readonly status: number;
  /** What is wrong with this request and, where it helps, what to do about it. */
  readonly detail: string;
  /** The path of the request; the server fills it in. */
  readonly instance?: string;
  /** A code that programs can switch on. */
  readonly reason?: string;
  readonly saga_id?: string;
  /** What to search the logs for; the server fills it in. */
  readonly trace_id?: string;
}

export interface ProblemDetails {
  readonly reason?: string;
  readonly detail: string;
  readonly saga_id?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly isTransient?: boolean;
}

export function problem(status: number, { headers, isTransient, ...details }: ProblemDetails): Answer {
  const { reason } = details;
  const body: Problem = {
    type: reason === undefined ? 'about:blank' : `/problems/${reason}`,
    title: reason === undefined ? (STATUS_CODES[status] ?? 'Error') : sentence(reason),
    status,
    ...details,
  };
  return { status, body, ...(headers && { headers }), ...(isTransient && { isTransient }) };
}

/**
 * Returns the media type and text of an answer, or neither when the status allows no body.
 * @param filledIn what the server adds to a problem
 */
export function serialize(
  { status, body }: Answer,
  filledIn?: Pick<Problem, 'instance' | 'trace_id'>,
): { type: string; text: string } | { type?: never; text?: never } {
  if (status === 204 || status === 304) {
    return {};
  }
  return status >= 400
    ? { type: 'application/problem+json', text: JSON.stringify({ ...body, ...filledIn }) }
    : { type: 'application/json', text: JSON.stringify(body) };
}

/** "out_of_stock" becomes "Out of stock". */
function sentence(reason: string): string {
  return `${reason.charAt(0).toUpperCase()}${reason.slice(1).replaceAll('_', ' ')}`;
}

/** Returns a 503: something that the service needs is unavailable, and the same request can succeed soon. */
export function unavailable(detail: string): Answer {
  return problem(503, { reason: 'unavailable', detail, headers: { 'Retry-After': '1' } });
}

/** Returns a 503: there is more to do than can be done in time. */
export function overloaded(detail: string): Answer {
  return problem(503, {
    reason: 'overloaded',
    detail: `${detail} Repeat the request in a moment.`,
    headers: { 'Retry-After': '1' },
  });
}

/** Returns a 503: other requests or transactions are in the way of this one, for instance on the same row. */
export function busy(obstacle: string): Answer {
  return problem(503, {
    reason: 'busy',
    detail: `${obstacle} Nothing was changed. Repeat the request in a moment.`,
    headers: { 'Retry-After': '1' },
  });
}

export function unknownUser(id: string): Answer {
  return problem(404, { reason: 'unknown_user', detail: `There is no user ${id}.` });
}

/** Thrown where the server refuses a request before any route handles it. */
export class Refusal extends Error {
  override readonly name = 'Refusal';

  constructor(readonly answer: Answer) {
    super(`the request was refused with ${answer.status}`);
  }
}

/** Where the status says it all. */
export function refusal(status: number, detail: string): Refusal {
  return new Refusal(problem(status, { detail }));
}
