import { admissionRefused } from '../../../shared/observe/metrics';

/**
 * Says whether a checkout may be opened, or whether so much is under way that it would only wait. What this replica
 * holds is known exactly; what is in flight in the whole shop is counted now and then, and what this replica opened
 * since is added. Asking about a checkout that is under way or has ended opens nothing, and is never refused.
 */
export class Admission {
  private held = 0;
  private inFlight = 0;

  constructor(private readonly limits: { held: number; inFlight: number }) {}

  /** Whether there is room for one more; who was let in must leave. */
  enter(): boolean {
    if (this.held >= this.limits.held || this.inFlight >= this.limits.inFlight) return false;
    this.held++;
    return true;
  }

  leave(): void {
    this.held--;
  }

  opened(): void {
    this.inFlight++;
  }

  refused(): void {
    admissionRefused.inc();
  }

  /** @param inFlight the sagas in flight, just counted */
  counted(inFlight: number): void {
    this.inFlight = inFlight;
  }
}
