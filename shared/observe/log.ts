import pino from 'pino';

export type Logger = pino.Logger;

export interface LogOptions {
  /** The `service` field of every line. */
  readonly service: string;
  /** fatal, error, warn, info, debug, trace or silent. */
  readonly level: string;
  readonly format: 'json' | 'pretty';
}

/**
 * Lines go to standard output: JSON for machines, or one readable line each for a person at a terminal.
 *
 * JSON lines are written 4 KiB at a time, because a write for each line would cost more than the rest of a checkout.
 * The buffer is written at least once a second and when the process exits, so only kill -9 loses lines.
 */
export function createLogger(options: LogOptions): Logger {
  const settings: pino.LoggerOptions = {
    level: options.level,
    base: { service: options.service },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
    serializers: { err: pino.stdSerializers.errWithCause },
  };
  if (options.format === 'pretty') {
    // Loaded only here, so that a service that writes JSON does not load it.
    const pretty: typeof import('pino-pretty') = require('pino-pretty');
    return pino(
      settings,
      pretty({ ignore: 'pid,hostname,service', singleLine: true, translateTime: 'HH:MM:ss.l', sync: true }),
    );
  }
  return pino(
    settings,
    // For each line, the stream joins the buffered text to measure it. So the buffer is no larger than one write, and
    // maxWrite must be a little more than minLength.
    pino.destination({ sync: false, minLength: 4095, maxWrite: 4096, periodicFlush: 1000 }),
  );
}
