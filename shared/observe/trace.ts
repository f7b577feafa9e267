import type { Context, Attributes as OtelAttributes, SpanContext, Tracer } from '@opentelemetry/api';

/**
 * W3C trace context (https://www.w3.org/TR/trace-context/). It is carried from the HTTP request through outbox rows
 * and messages whether or not anybody exports spans, because its trace id is what ties the log lines of three
 * services together. With an OTLP endpoint, spans are recorded and exported as well.
 */
export type Traceparent = string;

export type SpanKind = 'server' | 'producer' | 'consumer' | 'internal';
export type Attributes = OtelAttributes;

export interface Span {
  /** The context to hand on to whatever this span causes. */
  readonly traceparent: Traceparent;
  end(error?: unknown): void;
}

export interface TracingOptions {
  readonly service: string;
  /** Base address of an OTLP/HTTP collector, such as http://localhost:4318. Without one nothing is exported. */
  readonly endpoint: string | undefined;
}

/** Flushes what has not been exported yet, and stops. */
export type StopTracing = () => Promise<void>;

const TRACEPARENT = /^(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;
const KIND = { internal: 0, server: 1, producer: 3, consumer: 4 } as const;
const ERROR = 2;
const NOTHING = (): void => undefined;

let api: typeof import('@opentelemetry/api') | undefined;
let tracer: Tracer | undefined;

/** The caller's context, or undefined when the header is missing or not valid: then a new trace begins. */
export function incomingTrace(header: string | undefined): Traceparent | undefined {
  const [, trace, span, flags, later] = (header !== undefined && TRACEPARENT.exec(header)) || [];
  if (trace === undefined || (later !== undefined && header?.startsWith('00'))) {
    return undefined;
  }
  return `00-${trace}-${span}-${flags}`;
}

const ids = Buffer.alloc(24);

/** Of plain random numbers, as the OpenTelemetry SDK makes them: an id has to be unlike others, and nobody's secret. */
export function newTraceparent(): Traceparent {
  for (let i = 0; i < ids.length; i += 4) ids.writeUInt32LE(Math.floor(Math.random() * 2 ** 32), i);
  return `00-${ids.toString('hex', 0, 16)}-${ids.toString('hex', 16)}-00`;
}

export function traceId(traceparent: Traceparent): string {
  return traceparent.slice(3, 35);
}

/**
 * Opens a span under `parent`, or a new trace without one. When tracing is off nothing is recorded and the parent's
 * context is handed on.
 */
export function withSpan(
  name: string,
  kind: SpanKind,
  parent: Traceparent | undefined,
  attributes: Attributes = {},
): Span {
  if (api === undefined || tracer === undefined) {
    return { traceparent: parent ?? newTraceparent(), end: NOTHING };
  }
  const span = tracer.startSpan(name, { kind: KIND[kind], attributes }, contextOf(api, parent));
  return {
    traceparent: format(span.spanContext()),
    end(error?: unknown) {
      if (error !== undefined) {
        span.recordException(error instanceof Error ? error : String(error));
        span.setStatus({ code: ERROR });
      }
      span.end();
    },
  };
}

/**
 * Loads the OpenTelemetry SDK, which costs memory that nobody pays without an endpoint. Sampling follows the caller,
 * and for new traces the SDK's own OTEL_TRACES_SAMPLER settings.
 */
export async function startTracing(options: TracingOptions): Promise<StopTracing> {
  if (options.endpoint === undefined) {
    return async () => undefined;
  }
  const [otel, sdk, { OTLPTraceExporter }, { resourceFromAttributes }] = await Promise.all([
    import('@opentelemetry/api'),
    import('@opentelemetry/sdk-trace-node'),
    import('@opentelemetry/exporter-trace-otlp-http'),
    import('@opentelemetry/resources'),
  ]);
  const exporter = new OTLPTraceExporter({ url: `${options.endpoint.replace(/\/+$/, '')}/v1/traces` });
  const provider = new sdk.NodeTracerProvider({
    resource: resourceFromAttributes({ 'service.name': options.service }),
    spanProcessors: [new sdk.BatchSpanProcessor(exporter)],
  });
  api = otel;
  tracer = provider.getTracer('chandlery');
  return async () => {
    tracer = undefined;
    await provider.shutdown();
  };
}

function contextOf(otel: NonNullable<typeof api>, parent: Traceparent | undefined): Context {
  if (parent === undefined) {
    return otel.ROOT_CONTEXT;
  }
  const [, trace = '', span = '', flags = ''] = parent.split('-');
  const remote = { traceId: trace, spanId: span, traceFlags: Number.parseInt(flags, 16), isRemote: true };
  return otel.trace.setSpanContext(otel.ROOT_CONTEXT, remote);
}

function format(context: SpanContext): Traceparent {
  return `00-${context.traceId}-${context.spanId}-${context.traceFlags.toString(16).padStart(2, '0')}`;
}
