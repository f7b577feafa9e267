import { drawLines, drawMarks, escapeHtml } from '../../support/svg-chart';
import { lines } from './describe';
import type { Report } from './report';

const style = `
body { font: 15px/1.5 system-ui, sans-serif; max-width: 1140px; margin: 2em auto; padding: 0 1em; color: #222; }
h1 b { padding: 0 .4em; border-radius: .2em; color: #fff; background: #2a7a3b } h1 b.failed { background: #b3261e }
h2 { font-size: 1.05em; margin: 1.6em 0 .3em } small { font-weight: normal; color: #666 }
small i { display: inline-block; width: .8em; height: .8em; margin: 0 .3em 0 .8em }
svg { width: 100%; font-size: 11px } .grid { stroke: #eee } text { fill: #666 } .y { text-anchor: end; dominant-baseline: middle }
.x { text-anchor: middle } path { stroke-width: 1.5 } .marks rect { fill: #b3261e; opacity: .65 } .marks rect:hover { opacity: 1 }
table { border-collapse: collapse } td, th { text-align: left; padding: .15em 1.2em .15em 0; vertical-align: top } td.n { text-align: right }
pre { white-space: pre-wrap; background: #fbeeed; padding: 1em }`;

const inSeconds = (ms: number | undefined) => (ms === undefined ? undefined : ms / 1_000);

/** Returns the report as one self-contained web page. */
export function drawPage(report: Report): string {
  const { verdict, seed, startedAt, options, faults, strikes, seconds, findings, deaths } = report;
  const kinds = Object.keys(faults.kinds).sort();
  const marks = strikes.flatMap(({ at, endedAt = at, kind, name, inFlight }) =>
    at === undefined || endedAt === undefined
      ? []
      : [
          {
            from: at / 1000,
            to: endedAt / 1000,
            row: kinds.indexOf(kind),
            text: `${(at / 1000).toFixed(1)} s: ${name} (${inFlight} sagas in flight)`,
          },
        ],
  );
  const length = seconds.length;
  const problems = [...deaths, ...findings.map((finding) => JSON.stringify(finding))];
  return `<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Chandlery under faults: ${verdict}</title><style>${style}</style>
<h1>Chandlery under faults: <b class="${verdict}">${verdict}</b></h1>
<p>${escapeHtml(startedAt)}, ${options.seconds} s, ${options.load} buyers, ${options.replicas} replicas of each service, seed ${seed}.</p>
${problems.length > 0 ? `<pre>${escapeHtml(problems.join('\n'))}</pre>` : ''}
<table>${lines(report)
    .map(([name, text]) => `<tr><th>${escapeHtml(name)}</th><td>${escapeHtml(text)}</td></tr>`)
    .join('\n')}</table>
${drawLines(
  'Checkouts',
  'answers per second',
  [
    { name: 'paid', color: '#2a7a3b', values: seconds.map(({ paid }) => paid) },
    { name: 'refused', color: '#b8860b', values: seconds.map(({ refused }) => refused) },
    { name: 'unknown', color: '#b3261e', values: seconds.map(({ unknown }) => unknown) },
  ],
  length,
)}
${drawMarks(kinds, marks, length)}
${drawLines(
  'Time to the final answer',
  'seconds, over the answers of each second; a gap means that there were none',
  [
    { name: 'p50', color: '#1f5fa8', values: seconds.map(({ p50 }) => inSeconds(p50)) },
    { name: 'p99', color: '#9bbbe0', values: seconds.map(({ p99 }) => inSeconds(p99)) },
  ],
  length,
)}
<h2>Faults by kind</h2>
<table><tr><th>kind</th><th>injected</th><th>counted</th></tr>
${kinds.map((kind) => `<tr><td>${escapeHtml(kind)}</td><td class="n">${faults.kinds[kind]?.struck}</td><td class="n">${faults.kinds[kind]?.counted}</td></tr>`).join('\n')}
</table>
${faults.mended.map((text) => `<p>Mended as a runbook says: ${escapeHtml(text)}.</p>`).join('\n')}
${faults.leftOut.map((text) => `<p>Left out: ${escapeHtml(text)}.</p>`).join('\n')}</html>
`;
}
