const LASTS_MS = 10_000;

/**
 * Whether to look before locking. A service is cautious for a while after one of its transactions had to wait too long
 * for a lock: some other session holds rows that the saga needs, such as a person's psql. A cautious step first finds
 * out, without waiting, which of its events need such a row, and handles the others.
 *
 * All steps of a process share it, so a stranger's lock makes only one batch wait. It costs a statement or two a batch,
 * which is why a service is not cautious all the time.
 */
export class Caution {
  private until = 0;

  isAdvised(): boolean {
    return performance.now() < this.until;
  }

  /** Call it when a lock was not had in time, or a row was found locked. */
  advise(): void {
    this.until = performance.now() + LASTS_MS;
  }
}
