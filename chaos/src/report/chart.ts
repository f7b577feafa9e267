/** Plain SVG, so that the page needs nothing from anywhere. */
const WIDTH = 1_100;
const HEIGHT = 220;
/** Room for the names of the rows, the same in every picture, so that what happened at one time stands below itself. */
const LEFT = 200;
const BOTTOM = 24;

export interface Mark {
  /** Where it begins and ends on the x axis. */
  from: number;
  to: number;
  text: string;
  row: number;
}

export interface Series {
  name: string;
  color: string;
  /** One value for each step of the x axis; a gap where there is none. */
  values: readonly (number | undefined)[];
}

export const escapeHtml = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');

/** Lines over time. @param unit of the y axis */
export function drawLines(title: string, unit: string, series: readonly Series[], length: number): string {
  const most = Math.max(1, ...series.flatMap(({ values }) => values.map((value) => value ?? 0)));
  const top = niceTop(most);
  const x = (step: number) => LEFT + (step / Math.max(1, length)) * (WIDTH - LEFT);
  const y = (value: number) => HEIGHT - BOTTOM - (value / top) * (HEIGHT - BOTTOM - 12);
  const grid = [0, 0.25, 0.5, 0.75, 1].map((share) => {
    const level = y(top * share).toFixed(1);
    return `<line x1="${LEFT}" x2="${WIDTH}" y1="${level}" y2="${level}" class="grid"/><text x="${LEFT - 6}" y="${level}" class="y">${(top * share).toLocaleString('en')}</text>`;
  });
  const paths = series.map(
    ({ color, values }) => `<path d="${path(values, x, y)}" fill="none" stroke="${color}"/>`,
  );
  const legend = series.map(({ name, color }) => `<i style="background:${color}"></i>${escapeHtml(name)}`);
  return `<h2>${escapeHtml(title)} <small>${escapeHtml(unit)} · ${legend.join(' ')}</small></h2>
<svg viewBox="0 0 ${WIDTH} ${HEIGHT}">${grid.join('')}${timeAxis(length, x, HEIGHT)}${paths.join('')}</svg>`;
}

/** A bar for each mark, in the row of its kind; hovering tells what it is. */
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
  return `<h2>Faults <small>from the strike until it was mended; point at one to read what it was</small></h2>
<svg viewBox="0 0 ${WIDTH} ${height}" class="marks">${timeAxis(length, x, height)}${names.join('')}${bars.join('')}</svg>`;
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

/** The next of 1, 2, 5, 10, 20, 50 and so on. */
function niceTop(value: number): number {
  const power = 10 ** Math.floor(Math.log10(Math.max(1, value)));
  return [1, 2, 5, 10].map((factor) => factor * power).find((top) => top >= value) ?? power * 10;
}
