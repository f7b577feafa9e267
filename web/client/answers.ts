/** The shop said no: `reason` is the word for programs, and `message` is for people. */
export class Refused extends Error {
  override readonly name = 'Refused';

  constructor(
    readonly status: number,
    readonly reason: string | undefined,
    detail: string,
    readonly retryAfterSeconds: number | undefined,
    readonly sagaId: string | undefined,
  ) {
    super(detail);
  }

  /** Whether nothing was done, and the same request can succeed in a moment. */
  get isBusy(): boolean {
    return this.status === 429 || this.status === 503;
  }
}

/** Nobody knows whether the request had its effect: no answer came, or one that says so. */
export class NoAnswer extends Error {
  override readonly name = 'NoAnswer';
}

interface Answered<T> {
  readonly data?: T;
  readonly error?: unknown;
  readonly response: Response;
}

/** What an answer says if it is not the one that was hoped for (RFC 9457). */
interface Problem {
  readonly detail?: string;
  readonly reason?: string;
  readonly saga_id?: string;
}

/**
 * Returns what was answered, with its status.
 * @throws Refused, NoAnswer
 */
export async function answerTo<T>(request: Promise<Answered<T>>): Promise<{ data: T; status: number }> {
  const { data, error, response } = await request.catch((cause) => {
    throw new NoAnswer('The shop did not answer.', { cause });
  });
  const { status, headers } = response;
  if (response.ok) {
    return { data: data as T, status };
  }
  if (status >= 500 && status !== 503) {
    throw new NoAnswer('Something went wrong in the shop.');
  }
  const { detail = 'The shop refused this.', reason, saga_id } = (error ?? {}) as Problem;
  const seconds = Number(headers.get('Retry-After') ?? Number.NaN);
  throw new Refused(status, reason, detail, Number.isNaN(seconds) ? undefined : seconds, saga_id);
}

/** Like answerTo, where only one answer is good. */
export async function must<T>(request: Promise<Answered<T>>): Promise<T> {
  return (await answerTo(request)).data;
}
