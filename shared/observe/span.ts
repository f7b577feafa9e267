import type { Attributes as OtelAttributes } from '@opentelemetry/api';

/**
 * W3C trace context (https://www.w3.org/TR/trace-context/). It travels from the HTTP request through outbox rows and
 * messages whether or not spans are exported, because its trace id ties the log lines of three services together. With
 * an OTLP endpoint, spans are recorded and exported as well.
 */
export type Traceparent = string;

export type SpanKind = 'server' | 'producer' | 'consumer' | 'internal';
export type Attributes = OtelAttributes;

export interface Span {
  /** The context to pass on to whatever this span causes. */
  readonly traceparent: Traceparent;
  end(error?: unknown): void;
}

export interface Recorder {
  startSpan(name: string, kind: SpanKind, parent: Traceparent | undefined, attributes: Attributes): Span;
  /** Exports what has not been exported yet. */
  shutdown(): Promise<void>;
}
