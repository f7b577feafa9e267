import {
  build,
  decodeFromCompressedBase64,
  encodeIntoCompressedBase64,
  type Histogram,
} from 'hdr-histogram-js';

/** A minute: longer than any request waits. */
const LONGEST_US = 60_000_000;

/** Counts microseconds, to three digits. */
export function createHistogram(): Histogram {
  return build({
    bitBucketSize: 32,
    lowestDiscernibleValue: 1,
    highestTrackableValue: LONGEST_US,
    numberOfSignificantValueDigits: 3,
  });
}

export function record(histogram: Histogram, ms: number): void {
  histogram.recordValue(Math.min(LONGEST_US, Math.max(1, Math.round(ms * 1_000))));
}

export const encode = encodeIntoCompressedBase64;

export interface Latency {
  p50: number;
  p90: number;
  p99: number;
  p999: number;
  max: number;
}

/** Returns milliseconds. @param encoded what `encode` returned */
export function latencyOf(encoded: string): Latency {
  const histogram = decodeFromCompressedBase64(encoded);
  const at = (percentile: number) => histogram.getValueAtPercentile(percentile) / 1_000;
  return { p50: at(50), p90: at(90), p99: at(99), p999: at(99.9), max: histogram.maxValue / 1_000 };
}
