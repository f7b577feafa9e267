// Loaded into a service before itself, with --require: on SIGUSR2 its clock jumps, an hour ahead, two hours back, and
// home again. Timers are not affected, as they are not by a real clock that is set. The clocks of PostgreSQL and
// RabbitMQ stay as they are.
const jumpsMs = [3_600_000, -3_600_000, 0];
const RealDate = Date;
let turn = 0;
let offsetMs = 0;

class JumpingDate extends RealDate {
  constructor(...given: unknown[]) {
    super(...((given.length === 0 ? [JumpingDate.now()] : given) as [number]));
  }
  static override now(): number {
    return RealDate.now() + offsetMs;
  }
}

globalThis.Date = JumpingDate as DateConstructor;
process.on('SIGUSR2', () => {
  offsetMs = jumpsMs[turn++ % jumpsMs.length] as number;
});
