/**
 * Something happened that must never happen, such as a capture without a reservation or an outcome that contradicts a
 * recorded one. The event is parked with this error and raises an alarm; it changes nothing.
 */
export class InvariantViolation extends Error {
  readonly code = 'INVARIANT_VIOLATED';
  override readonly name = 'InvariantViolation';
}
