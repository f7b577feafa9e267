const LASTS_MS = 10_000;
/** How long a row that was not had in time counts as held by a stranger. Then it is waited for once more. */
const HELD_MS = 2_000;

/**
 * Whether to look before locking. A service is cautious for a while after one of its transactions had to wait too long
 * for a lock: some other session holds rows that the saga needs, such as a person's psql. A cautious step first finds
 * out, without waiting, which of its events need such a row, and handles the others.
 *
 * All steps of a process share it, so a stranger's lock makes only one batch wait. It costs a statement or two a batch,
 * which is why a service is not cautious all the time. A row that was found locked is no reason to be: other replicas have
 * theirs locked for milliseconds, and two cautious replicas would keep each other cautious for ever.
 */
export class Caution {
  private until = 0;
  /** Until when each row counts as held. */
  private readonly held = new Map<string, number>();

  isAdvised(): boolean {
    return performance.now() < this.until;
  }

  /**
   * Call it when a lock was not had in time.
   * @param row the name of the row, if it is known
   */
  advise(row?: string): void {
    const now = performance.now();
    this.until = now + LASTS_MS;
    for (const [name, until] of this.held) {
      if (until < now) {
        this.held.delete(name);
      }
    }
    if (row !== undefined) {
      this.held.set(row, now + HELD_MS);
    }
  }

  /** Whether somebody has just waited for this row in vain. */
  isHeld(row: string): boolean {
    return performance.now() < (this.held.get(row) ?? 0);
  }
}
