import { decodeFromCompressedBase64 } from 'hdr-histogram-js';
import { checkoutNames } from '../../../shared/services';
import { drawPlot, escapeHtml } from '../../support/svg-chart';
import type { LoadRun } from '../load-run';

/** Colour-blind people can tell these apart, on white and on black. */
const colors = ['#3b82c4', '#d9822b', '#3a9d5d', '#b05cc0', '#c94f4f', '#8a8a8a'];
const color = (i: number) => colors[i % colors.length] as string;

/** Draws throughput against concurrency, and latency below it. */
export function drawCurve(loadRuns: readonly LoadRun[]): string {
  if (loadRuns.length === 0) {
    return '';
  }
  const points = (value: (run: LoadRun) => number) =>
    loadRuns.map((run) => ({ x: Math.log2(run.connections), y: value(run) }));
  const marks = loadRuns.map(({ connections }) => ({
    at: Math.log2(connections),
    text: String(connections),
  }));
  const throughput = [{ name: 'checkouts', color: color(0), points: points(({ perSecond }) => perSecond) }];
  const latency = (['p50', 'p99'] as const).map((percentile, i) => ({
    name: percentile,
    color: color(i),
    points: points(({ latencyMs }) => latencyMs[percentile]),
  }));
  return [
    drawPlot('Throughput against concurrency', 'checkouts/s, by connections', throughput, { marks }),
    drawPlot('Latency against concurrency', 'milliseconds, by connections', latency, { marks }),
  ].join('\n');
}

/** On the axis, 90 to 99 % is as wide as 99 to 99.9 %, and so on. */
const NINES = [0, 0.5, 0.9, 0.99, 0.999, 0.9999];
const position = (share: number) => -Math.log10(1 - share);

/** Draws latency by percentile, with the slow end stretched. */
export function drawPercentiles(runs: readonly { name: string; histogram: string }[]): string {
  if (runs.length === 0) {
    return '';
  }
  const series = runs.map(({ name, histogram }, i) => {
    const decoded = decodeFromCompressedBase64(histogram);
    // Where fewer than five answers are slower, a percentile depends on single answers, so the line ends there.
    const last = Math.min(position(0.9999), Math.max(position(0.9), Math.log10(decoded.totalCount / 5)));
    const points = Array.from({ length: 81 }, (_, step) => {
      const x = (last * step) / 80;
      return { x, y: decoded.getValueAtPercentile((1 - 10 ** -x) * 100) / 1_000 };
    });
    return { name, color: color(i), points };
  });
  const marks = NINES.map((share) => ({ at: position(share), text: `${+(share * 100).toFixed(2)} %` }));
  return drawPlot('Latency by percentile', 'milliseconds, logarithmic', series, { marks, logarithmic: true });
}

const GROUPS = [...checkoutNames, 'postgres', 'rabbitmq', 'load'];

/** Draws which processes used the processors at saturation, as one bar. */
export function drawShares({ connections, cpuSeconds, checkouts, seconds }: LoadRun): string {
  const known = GROUPS.map((name) => cpuSeconds[name] ?? 0);
  const sum = known.reduce((total, value) => total + value, 0);
  const others = Math.max(0, (cpuSeconds.machine ?? sum) - sum);
  const parts = [...GROUPS, 'everything else'].map((name, i) => ({
    name,
    seconds: known[i] ?? others,
    color: i < GROUPS.length ? color(i) : '#bbb',
  }));
  const total = Math.max(Number.EPSILON, sum + others);
  let left = 0;
  const bars = parts.map(({ name, seconds, color }) => {
    const width = (seconds / total) * 1_100;
    const bar = `<rect x="${left.toFixed(1)}" y="0" width="${width.toFixed(1)}" height="26" fill="${color}"><title>${escapeHtml(name)}</title></rect>`;
    left += width;
    return bar;
  });
  const rows = parts.map(
    ({ name, seconds, color }) =>
      `<tr><td><i style="background:${color}"></i>${escapeHtml(name)}</td><td class="n">${((seconds / total) * 100).toFixed(1)} %</td>` +
      `<td class="n">${((seconds / checkouts) * 1e6).toFixed(0)} µs per checkout</td></tr>`,
  );
  return `<h2>Processor time at saturation, ${connections} connections <small>${(total / seconds).toFixed(2)} processors busy for ${seconds.toFixed(1)} s</small></h2>
<svg role="img" aria-label="Processor time at saturation" viewBox="0 0 1100 26">${bars.join('')}</svg>
<table>${rows.join('\n')}</table>`;
}
