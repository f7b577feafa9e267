import { admissionRefused } from '../metrics';

/**
 * Decides whether another saga may be opened, or whether so many are in flight that it would only wait. How many
 * requests wait on this replica is known exactly. The sagas in flight in the whole shop are counted every second, and
 * those that this replica has opened since are added. A request for a checkout that is in flight or has ended opens
 * nothing and is never refused.
 */
export class Admission {
  private waiting = 0;
  private inFlight = 0;

  constructor(private readonly limits: { waiting: number; inFlight: number }) {}

  /** Admits a request if there is room, and returns whether it did. If so, the caller must call `leave` later. */
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

  /** @param inFlight how many sagas are in flight, as just counted */
  recordInFlight(inFlight: number): void {
    this.inFlight = inFlight;
  }
}
