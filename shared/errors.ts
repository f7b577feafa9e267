/**
 * Something was seen that must never happen: a capture without a reservation, an outcome that contradicts a recorded
 * one. The event is parked with this error and raises an alarm; it changes nothing.
 */
export class InvariantViolation extends Error {
  readonly code = 'INVARIANT_VIOLATED';
  override readonly name = 'InvariantViolation';
}
