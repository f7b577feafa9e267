/**
 * What must never be was seen: a capture without a reservation, an outcome that contradicts a recorded one.
 * The event is parked with this error and an alarm is raised; nothing is changed on its account.
 */
export class InvariantViolation extends Error {
  readonly code = 'INVARIANT_VIOLATED';
  override readonly name = 'InvariantViolation';
}
