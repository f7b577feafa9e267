import type { Attributes, Recorder, Span, SpanKind, Traceparent } from './span';

export type { Attributes, Span, SpanKind, Traceparent } from './span';

export interface TracingOptions {
  readonly service: string;
  /** Base address of an OTLP/HTTP collector, such as http://localhost:4318. Without one nothing is exported. */
  readonly endpoint: string | undefined;
}

/** Flushes what has not been exported yet, and stops. */
export type StopTracing = () => Promise<void>;

const TRACEPARENT = /^(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;
const NOTHING = (): void => undefined;

let recorder: Recorder | undefined;

/** Returns the caller's context, or undefined when the header is missing or not valid: then a new trace begins. */
export function incomingTrace(header: string | undefined): Traceparent | undefined {
  const [, trace, span, flags, later] = (header !== undefined && TRACEPARENT.exec(header)) || [];
  if (trace === undefined || (later !== undefined && header?.startsWith('00'))) {
    return undefined;
  }
  return `00-${trace}-${span}-${flags}`;
}

const ids = Buffer.alloc(24);

/** Uses plain random numbers, as the OpenTelemetry SDK does: ids must be unique, but need not be secret. */
export function newTraceparent(): Traceparent {
  for (let i = 0; i < ids.length; i += 4) {
    ids.writeUInt32LE(Math.floor(Math.random() * 2 ** 32), i);
  }
  return `00-${ids.toString('hex', 0, 16)}-${ids.toString('hex', 16)}-00`;
}

export function traceId(traceparent: Traceparent): string {
  return traceparent.slice(3, 35);
}

/** Whether spans are recorded. */
export function isTracing(): boolean {
  return recorder !== undefined;
}

/**
 * Opens a span under `parent`, or a new trace without one. When tracing is off, nothing is recorded and the parent's
 * context is passed on.
 */
export function withSpan(
  name: string,
  kind: SpanKind,
  parent: Traceparent | undefined,
  attributes: Attributes = {},
): Span {
  if (recorder !== undefined) {
    return recorder.startSpan(name, kind, parent, attributes);
  }
  return { traceparent: parent ?? newTraceparent(), end: NOTHING };
}

/**
 * Loads the OpenTelemetry SDK, but only with an endpoint, because it costs memory. Sampling follows the caller; for new
 * traces it follows OpenTelemetry's settings OTEL_TRACES_SAMPLER and OTEL_TRACES_SAMPLER_ARG.
 */
export async function startTracing(options: TracingOptions): Promise<StopTracing> {
  if (options.endpoint === undefined) {
    return async () => undefined;
  }
  const { startRecorder }: typeof import('./recorder') = require('./recorder');
  const started = startRecorder(options.service, options.endpoint);
  recorder = started;
  return async () => {
    recorder = undefined;
    await started.shutdown();
  };
}
