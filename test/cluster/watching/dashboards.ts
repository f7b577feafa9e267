import { dashboards, filledIn, panelsOf } from '../../k8s/monitoring/sources';
import { hasData } from './judging';
import type { Watchers } from './prometheus';

/** The shortest that Grafana chooses: four times the interval of scraping. */
const RATE_INTERVAL = '1m';

interface Question {
  /** The dashboard's file, the panel and the query as it is written there. */
  readonly name: string;
  readonly query: string;
  /** Whether only the last value is shown. */
  readonly instant: boolean;
}

/** Queries that rightly return nothing, with the reason, by the end of their names. */
const EMPTY_ON_A_LAPTOP: readonly { panel: string; reason: string }[] = [
  { panel: 'postgresql-rabbitmq.json: Replica lag', reason: 'no database has a replica' },
];

/** Returns every query of every dashboard as Grafana sends it. */
export function questions(): Question[] {
  return dashboards.flatMap((dashboard) =>
    panelsOf(dashboard).flatMap(({ type, title, targets = [] }) =>
      targets.map(({ expr }) => ({
        name: `${dashboard.file}: ${title}: ${expr}`,
        query: filledIn(expr, dashboard, RATE_INTERVAL),
        instant: type === 'stat',
      })),
    ),
  );
}

/**
 * Returns the queries that returned nothing although they should, and those that returned something although they should
 * not: then the list above is out of date.
 * @param since in seconds of Unix time
 */
export async function findDashboardProblems(watchers: Watchers, since: number): Promise<string[]> {
  const now = Date.now() / 1_000;
  const problems = [];
  for (const { name, query, instant } of questions()) {
    const series = await (instant ? watchers.instant(query) : watchers.range(query, since, now));
    const excuse = EMPTY_ON_A_LAPTOP.find(({ panel }) => name.startsWith(`${panel}:`));
    if (hasData(series) !== (excuse === undefined)) {
      problems.push(excuse === undefined ? `${name}: no data` : `${name}: data, although ${excuse.reason}`);
    }
  }
  return problems;
}
