/** Plain SVG, so that the page loads nothing from elsewhere. */
const WIDTH = 1_100;
const HEIGHT = 220;
/** Space for the row names. It is the same in every chart, so that their x axes line up. */
const LEFT = 200;
const BOTTOM = 24;

export interface Mark {
  /** Start and end on the x axis. */
  from: number;
  to: number;
  text: string;
  row: number;
}

export interface Series {
  name: string;
  color: string;
  /** One value for each step of the x axis; undefined leaves a gap. */
  values: readonly (number | undefined)[];
}

export const escapeHtml = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');

/** Draws lines over time. @param unit the unit of the y axis */
export function drawLines(title: string, unit: string, series: readonly Series[], length: number): string {
  const most = Math.max(1, ...series.flatMap(({ values }) => values.map((value) => value ?? 0)));
  const top = axisTop(most);
  const x = (step: number) => LEFT + (step / Math.max(1, length)) * (WIDTH - LEFT);
  const y = (value: number) => HEIGHT - BOTTOM - (value / top) * (HEIGHT - BOTTOM - 12);
  const grid = [0, 0.25, 0.5, 0.75, 1].map((share) => {
    const level = y(top * share).toFixed(1);
    return `<line x1="${LEFT}" x2="${WIDTH}" y1="${level}" y2="${level}" class="grid"/><text x="${LEFT - 6}" y="${level}" class="y">${(top * share).toLocaleString('en')}</text>`;
  });
  const paths = series.map(
    ({ color, values }) => `<path d="${path(values, x, y)}" fill="none" stroke="${color}"/>`,
  );
  return `<h2>${escapeHtml(title)} <small>${escapeHtml(unit)} · ${drawLegend(series)}</small></h2>
<svg role="img" aria-label="${escapeHtml(title)}" viewBox="0 0 ${WIDTH} ${HEIGHT}">${grid.join('')}${timeAxis(length, x, HEIGHT)}${paths.join('')}</svg>`;
}

/** Draws a bar for each mark, in the row of its kind. Hovering over a bar shows its text. */
export function drawMarks(rows: readonly string[], marks: readonly Mark[], length: number): string {
  const height = rows.length * 14 + BOTTOM;
  const x = (step: number) => LEFT + (step / Math.max(1, length)) * (WIDTH - LEFT);
  const names = rows.map(
    (row, i) => `<text x="${LEFT - 6}" y="${i * 14 + 7}" class="y">${escapeHtml(row)}</text>`,
  );
  const bars = marks.map(({ from, to, text, row }) => {
    const width = Math.max(2, x(to) - x(from)).toFixed(1);
    return `<rect x="${x(from).toFixed(1)}" y="${row * 14 + 3}" width="${width}" height="8"><title>${escapeHtml(text)}</title></rect>`;
  });
  return `<h2>Faults <small>from injection to end; hover over a bar for details</small></h2>
<svg role="img" aria-label="Faults" viewBox="0 0 ${WIDTH} ${height}" class="marks">${timeAxis(length, x, height)}${names.join('')}${bars.join('')}</svg>`;
}

function path(
  values: readonly (number | undefined)[],
  x: (step: number) => number,
  y: (value: number) => number,
): string {
  let drawing = false;
  return values
    .map((value, step) => {
      if (value === undefined) {
        drawing = false;
        return '';
      }
      const command = drawing ? 'L' : 'M';
      drawing = true;
      return `${command}${x(step).toFixed(1)} ${y(value).toFixed(1)}`;
    })
    .join('');
}

function timeAxis(length: number, x: (step: number) => number, height: number): string {
  const step = niceTop(length / 10);
  const labels: string[] = [];
  for (let at = 0; at <= length; at += step) {
    labels.push(
      `<line x1="${x(at)}" x2="${x(at)}" y1="0" y2="${height - BOTTOM}" class="grid"/><text x="${x(at)}" y="${height - 6}" class="x">${at} s</text>`,
    );
  }
  return labels.join('');
}

/** Returns a round number just above the value, whose quarters have few digits, too. */
function axisTop(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value));
  return (
    [1, 1.2, 1.6, 2, 2.4, 3.2, 4, 5, 6, 8, 10].map((f) => f * power).find((top) => top >= value) ?? value
  );
}

/** Returns the next of 1, 2, 5, 10, 20, 50 and so on. */
function niceTop(value: number): number {
  const power = 10 ** Math.floor(Math.log10(Math.max(1, value)));
  return [1, 2, 5, 10].map((factor) => factor * power).find((top) => top >= value) ?? power * 10;
}

export interface Curve {
  name: string;
  color: string;
  /** Ordered from left to right. */
  points: readonly { x: number; y: number }[];
}

/**
 * Draws curves over any x axis.
 * @param unit the unit of the y axis
 * @param axis.marks the labels below the x axis, at positions in its own unit
 * @param axis.logarithmic whether each step of the y axis is ten times the one before
 */
export function drawPlot(
  title: string,
  unit: string,
  curves: readonly Curve[],
  axis: { marks: readonly { at: number; text: string }[]; logarithmic?: boolean },
): string {
  const values = curves.flatMap(({ points }) => points.map((point) => point.y));
  const places = curves.flatMap(({ points }) => points.map((point) => point.x));
  const [first, last] = [Math.min(...places), Math.max(...places)];
  const x = (at: number) => LEFT + ((at - first) / Math.max(1e-9, last - first)) * (WIDTH - LEFT - 40);
  const levels = axis.logarithmic ? powersOfTen(values) : [0, 0.25, 0.5, 0.75, 1].map(share(values));
  const scale = axis.logarithmic ? (value: number) => Math.log10(Math.max(value, levels[0] ?? 1)) : Number;
  const [low, high] = [scale(levels[0] ?? 0), scale(levels.at(-1) ?? 1)];
  const y = (value: number) =>
    HEIGHT - BOTTOM - ((scale(value) - low) / Math.max(1e-9, high - low)) * (HEIGHT - BOTTOM - 12);
  const grid = levels.map((level) => {
    const at = y(level).toFixed(1);
    return `<line x1="${LEFT}" x2="${WIDTH}" y1="${at}" y2="${at}" class="grid"/><text x="${LEFT - 6}" y="${at}" class="y">${level.toLocaleString('en')}</text>`;
  });
  const below = axis.marks
    .filter(({ at }) => at >= first && at <= last)
    .map(
      ({ at, text }) =>
        `<line x1="${x(at).toFixed(1)}" x2="${x(at).toFixed(1)}" y1="0" y2="${HEIGHT - BOTTOM}" class="grid"/><text x="${x(at).toFixed(1)}" y="${HEIGHT - 6}" class="x">${escapeHtml(text)}</text>`,
    );
  const paths = curves.map(({ color, points }) => {
    const line = points.map(
      (point, i) => `${i === 0 ? 'M' : 'L'}${x(point.x).toFixed(1)} ${y(point.y).toFixed(1)}`,
    );
    return `<path d="${line.join('')}" fill="none" stroke="${color}"/>`;
  });
  return `<h2>${escapeHtml(title)} <small>${escapeHtml(unit)} · ${drawLegend(curves)}</small></h2>
<svg role="img" aria-label="${escapeHtml(title)}" viewBox="0 0 ${WIDTH} ${HEIGHT}">${grid.join('')}${below.join('')}${paths.join('')}</svg>`;
}

const share = (values: readonly number[]) => (part: number) => part * niceTop(Math.max(1, ...values));

/** Returns the powers of ten from the one below all values to the one above them. */
function powersOfTen(values: readonly number[]): number[] {
  const from = Math.floor(Math.log10(Math.max(0.01, Math.min(...values))));
  const to = Math.ceil(Math.log10(Math.max(0.1, ...values)));
  return Array.from({ length: Math.max(1, to - from) + 1 }, (_, i) => 10 ** (from + i));
}

function drawLegend(entries: readonly { name: string; color: string }[]): string {
  return entries.map(({ name, color }) => `<i style="background:${color}"></i>${escapeHtml(name)}`).join(' ');
}
