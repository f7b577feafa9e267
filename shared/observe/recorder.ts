// Records spans and exports them. Only trace.ts loads this file, and only when spans are exported, because the
// OpenTelemetry SDK costs memory.
import { type Context, ROOT_CONTEXT, type SpanContext, trace } from '@opentelemetry/api';
import { getNumberFromEnv, getStringFromEnv } from '@opentelemetry/core';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { resourceFromAttributes } from '@opentelemetry/resources';
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  BatchSpanProcessor,
  type BatchSpanProcessorOptions,
  ParentBasedSampler,
  type Sampler,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from '@opentelemetry/sdk-trace';
import type { Recorder, Traceparent } from './span';

const KIND = { internal: 0, server: 1, producer: 3, consumer: 4 } as const;
const ERROR = 2;

export function startRecorder(service: string, endpoint: string): Recorder {
  const exporter = new OTLPTraceExporter({ url: `${endpoint.replace(/\/+$/, '')}/v1/traces` });
  const provider = new TracerProvider({
    resource: resourceFromAttributes({ 'service.name': service }),
    spanProcessors: [new BatchSpanProcessor({ exporter, ...batchingFromSettings() })],
    sampler: samplerFromSettings(),
  });
  const tracer = provider.getTracer('chandlery');
  return {
    startSpan(name, kind, parent, attributes) {
      const span = tracer.startSpan(name, { kind: KIND[kind], attributes }, contextOf(parent));
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
    },
    shutdown: () => provider.shutdown(),
  };
}

/** OpenTelemetry's settings of the batches; what is not set keeps the SDK's default. */
function batchingFromSettings(): Partial<BatchSpanProcessorOptions> {
  const settings = {
    maxQueueSize: getNumberFromEnv('OTEL_BSP_MAX_QUEUE_SIZE'),
    maxExportBatchSize: getNumberFromEnv('OTEL_BSP_MAX_EXPORT_BATCH_SIZE'),
    scheduledDelayMillis: getNumberFromEnv('OTEL_BSP_SCHEDULE_DELAY'),
    exportTimeoutMillis: getNumberFromEnv('OTEL_BSP_EXPORT_TIMEOUT'),
  };
  return Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined));
}

/** Reads the sampler's settings as OpenTelemetry documents them, because the SDK does not read them itself. */
function samplerFromSettings(): Sampler {
  const given = getNumberFromEnv('OTEL_TRACES_SAMPLER_ARG') ?? 1;
  const ratio = given >= 0 && given <= 1 ? given : 1;
  switch (getStringFromEnv('OTEL_TRACES_SAMPLER')) {
    case 'always_on':
      return new AlwaysOnSampler();
    case 'always_off':
      return new AlwaysOffSampler();
    case 'traceidratio':
      return new TraceIdRatioBasedSampler(ratio);
    case 'parentbased_always_off':
      return new ParentBasedSampler({ root: new AlwaysOffSampler() });
    case 'parentbased_traceidratio':
      return new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(ratio) });
    default:
      return new ParentBasedSampler({ root: new AlwaysOnSampler() });
  }
}

function contextOf(parent: Traceparent | undefined): Context {
  if (parent === undefined) {
    return ROOT_CONTEXT;
  }
  const [, traceId = '', spanId = '', flags = ''] = parent.split('-');
  const remote = { traceId, spanId, traceFlags: Number.parseInt(flags, 16), isRemote: true };
  return trace.setSpanContext(ROOT_CONTEXT, remote);
}

function format(context: SpanContext): Traceparent {
  return `00-${context.traceId}-${context.spanId}-${context.traceFlags.toString(16).padStart(2, '0')}`;
}
