import { admissionRefused } from '../metrics';

/**
 * Says whether a checkout may be opened, or whether so much is under way that it would only wait. What this replica
 * holds is known exactly; what is in flight in the whole shop is counted now and then, and what this replica opened
 * since is added. Asking about a checkout that is under way or has ended opens nothing, and is never refused.
 */
export class Admission {
  private waiting = 0;
  private inFlight = 0;

  constructor(private readonly limits: { waiting: number; inFlight: number }) {}

  /** Whether there is room for one more; who was let in must leave. */
  enter(): boolean {
    if (this.waiting >= this.limits.waiting || this.inFlight >= this.limits.inFlight) {
      return false;
    }
    this.waiting++;
    return true;
  }

  leave(): void {
    this.waiting--;
  }

  recordOpened(): void {
    this.inFlight++;
  }

  recordRefused(): void {
    admissionRefused.inc();
  }

  /** @param inFlight the sagas in flight, just counted */
  recordInFlight(inFlight: number): void {
    this.inFlight = inFlight;
  }
}
