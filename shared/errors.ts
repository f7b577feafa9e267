/**
 * Something happened that must never happen, such as a capture without a reservation or an outcome that contradicts a
 * recorded one. The event is parked with this error and raises an alarm; it changes nothing.
 */
export class InvariantViolation extends Error {
  readonly code = 'INVARIANT_VIOLATED';
  override readonly name = 'InvariantViolation';
}

/**
 * Returns what a person needs to know of an error. When a name has several addresses and none of them can be reached,
 * Node.js throws an error that has one error for each address, and no message of its own.
 */
export function reasonOf(error: unknown): string {
  const { message, code } = (error ?? {}) as Partial<NodeJS.ErrnoException>;
  return message || errorsIn(error).map(reasonOf).join(', ') || code || String(error);
}

/** Returns one error for each address of a name that cannot be reached, and nothing for any other error. */
export function errorsIn(error: unknown): readonly NodeJS.ErrnoException[] {
  const { errors } = (error ?? {}) as Partial<AggregateError>;
  return Array.isArray(errors) ? errors : [];
}
