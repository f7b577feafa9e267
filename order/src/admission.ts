import { admissionRefused } from '../../shared/observe/metrics';

/**
 * Refuses a checkout before anything of it has started, when so much is under way that it would only wait. What this
 * replica holds is known exactly; what is in flight in the whole shop is counted now and then, and what this replica
 * opened since is added.
 */
export class Admission {
  private held = 0;
  private inFlight = 0;

  constructor(private readonly limits: { held: number; inFlight: number }) {}

  /** Whether there is room; who was let in must leave. */
  enter(): boolean {
    if (this.held >= this.limits.held || this.inFlight >= this.limits.inFlight) {
      admissionRefused.inc();
      return false;
    }
    this.held++;
    this.inFlight++;
    return true;
  }

  leave(): void {
    this.held--;
  }

  /** @param inFlight the sagas in flight, just counted */
  counted(inFlight: number): void {
    this.inFlight = inFlight;
  }
}
