import { escapeHtml } from '../../support/svg-chart';
import type { Judged } from '../goals';
import type { LoadRun } from '../load-run';
import { SATURATED } from '../settings';
import { formatNumber, head, machineAndVersions, row } from './describe';
import { drawCurve, drawPercentiles, drawShares } from './drawings';
import type { Report } from './report';

const style = `
:root { color-scheme: light dark; --text: #222; --soft: #666; --line: #e4e4e4; --back: #fff; --good: #2a7a3b; --bad: #b3261e }
@media (prefers-color-scheme: dark) { :root { --text: #e6e6e6; --soft: #a0a0a0; --line: #3a3a3a; --back: #1a1a1a; --good: #6fc283; --bad: #f2867c } }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 1140px; margin: 2em auto; padding: 0 1em; color: var(--text); background: var(--back) }
h2 { font-size: 1.1em; margin: 2em 0 .3em } small, p.about { font-weight: normal; color: var(--soft) }
small i, td i { display: inline-block; width: .8em; height: .8em; margin: 0 .3em 0 .8em }
svg { width: 100%; font-size: 11px } .grid { stroke: var(--line) } text { fill: var(--soft) } .y { text-anchor: end; dominant-baseline: middle }
.x { text-anchor: middle } path { stroke-width: 1.8; fill: none } .end { text-anchor: start; dominant-baseline: middle }
table { border-collapse: collapse } td, th { text-align: left; padding: .2em 1.4em .2em 0; vertical-align: top; border-bottom: 1px solid var(--line) }
td.n { text-align: right; font-variant-numeric: tabular-nums } .met { color: var(--good) } .missed { color: var(--bad) }
pre { white-space: pre-wrap; border-left: 3px solid var(--bad); padding: .3em 1em }`;

/** Returns the report as one HTML page that needs no other files. */
export function drawPage(report: Report): string {
  const loadRuns = (name: string) =>
    report.scenarios.find(({ scenario }) => scenario === name)?.outcome?.loadRuns ?? [];
  const failed = report.scenarios.filter((scenario) => scenario.failed !== undefined);
  const saturated = medianRun(named(loadRuns('saturation'), 'saturation')) ?? fastest(loadRuns('curve'));
  const others = loadRuns('saturation').filter((run) => run.connections !== saturated?.connections);
  const distributions = [
    { name: 'one connection', loadRun: medianRun(loadRuns('latency')) },
    { name: 'half of saturation, open loop', loadRun: medianRun(named(loadRuns('open-loop'), 'half')) },
    { name: `${SATURATED} connections`, loadRun: medianRun(others) },
    { name: `saturation, ${saturated?.connections} connections`, loadRun: saturated },
    { name: 'saturation, open loop', loadRun: medianRun(named(loadRuns('open-loop'), 'saturation')) },
  ];
  return `<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Chandlery benchmark</title><style>${style}</style>
<h1>Chandlery benchmark</h1>
<p class="about">${escapeHtml(machineAndVersions(report))}. Everything ran on this one machine, including the load.</p>
${failed.map(({ scenario, failed }) => `<pre>${escapeHtml(`${scenario} has no result: ${failed}`)}</pre>`).join('')}
<h2>Goals</h2>
${table(report.figures.filter(({ goal }) => goal !== undefined))}
${drawCurve(loadRuns('curve'))}
${drawPercentiles(distributions.flatMap(({ name, loadRun }) => (loadRun ? [{ name, histogram: loadRun.histogram }] : [])))}
${saturated ? drawShares(saturated) : ''}
${saturated ? batches(saturated) : ''}
<h2>Other figures</h2>
${table(report.figures.filter(({ goal }) => goal === undefined))}
<h2>Cost of one checkout <small>with ${SATURATED} connections</small></h2>
${costs(report)}
</html>
`;
}

const named = (loadRuns: readonly LoadRun[], beginning: string) =>
  loadRuns.filter(({ name }) => name.startsWith(beginning));

const fastest = (loadRuns: readonly LoadRun[]) => [...loadRuns].sort((a, b) => b.perSecond - a.perSecond)[0];

/** Returns the round whose throughput is the median, so that numbers shown together were measured together. */
function medianRun(loadRuns: readonly LoadRun[]): LoadRun | undefined {
  const sorted = [...loadRuns].sort((a, b) => a.perSecond - b.perSecond);
  return sorted[Math.floor((sorted.length - 1) / 2)];
}

function table(figures: readonly Judged[]): string {
  const body = figures.map((figure) => {
    const cells = row(figure).map((text) => `<td>${escapeHtml(text)}</td>`);
    return `<tr class="${figure.met === undefined ? '' : figure.met ? 'met' : 'missed'}">${cells.join('')}</tr>`;
  });
  return `<table><tr>${head.map((text) => `<th>${text}</th>`).join('')}</tr>${body.join('\n')}</table>`;
}

function batches({ connections, batchSizes }: LoadRun): string {
  const rows = Object.entries(batchSizes).map(([step, size]) => [step, formatNumber(size)] as const);
  return `<h2>Batches at saturation, ${connections} connections <small>mean number of events per transaction of a step</small></h2>
${pairs(rows)}`;
}

function costs({ scenarios }: Report): string {
  const details = scenarios.find(({ scenario }) => scenario === 'cost')?.outcome?.details ?? {};
  const parts = [
    ['cpuMs', 'ms of processor time'],
    ['database', ''],
    ['wire', 'bytes'],
    ['http', 'bytes over HTTP'],
  ] as const;
  const rows = parts.flatMap(([part, unit]) =>
    Object.entries((details[part] ?? {}) as Record<string, number>).map(
      ([name, value]) => [name, `${formatNumber(value)} ${unit}`.trim()] as const,
    ),
  );
  return rows.length === 0 ? '<p>Not measured in this run.</p>' : pairs(rows);
}

function pairs(rows: readonly (readonly [string, string])[]): string {
  const lines = rows.map(
    ([name, value]) => `<tr><td>${escapeHtml(name)}</td><td class="n">${escapeHtml(value)}</td></tr>`,
  );
  return `<table>${lines.join('\n')}</table>`;
}
