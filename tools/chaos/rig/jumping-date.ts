// Loaded into a service with --require, before the service's own code. Each SIGUSR2 makes the clock jump: an hour ahead,
// then two hours back, then back to the real time. Timers are not affected, just as when a real clock is set. For the
// clock of PostgreSQL, see jumping-clock.c.
const offsetsMs = [3_600_000, -3_600_000, 0];
const RealDate = Date;
let jumps = 0;
let offsetMs = 0;

class JumpingDate extends RealDate {
  constructor(...args: unknown[]) {
    super(...((args.length === 0 ? [JumpingDate.now()] : args) as [number]));
  }
  static override now(): number {
    return RealDate.now() + offsetMs;
  }
}

globalThis.Date = JumpingDate as DateConstructor;
process.on('SIGUSR2', () => {
  offsetMs = offsetsMs[jumps++ % offsetsMs.length] as number;
});
