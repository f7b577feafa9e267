import type { Dataset } from '../dataset';
import type { LoadRun, LoadRunOptions } from '../load-run';
import { holdRows, holdTable, lockedTables } from '../locks/hold';
import { ratios, spreadOf } from '../measure/spread';
import type { LocalShop } from '../rig/shop';
import type { Scenario, ScenarioContext } from '../scenario';

/**
 * The first batch that meets a lock waits half a second, and ten checkouts with it. In a shorter run they are more than
 * the one in a hundred that p99 leaves out.
 */
const JUDGED_FROM_SECONDS = 100;
/** The load does not need the locked rows. It is light, so that its latency shows every delay. */
const OTHERS_PER_SECOND = 20;
const CONNECTIONS = 64;
const ROWS = [1, 2, 10];
const TABLE_HELD_SECONDS = 20;

/**
 * A stranger locks rows while others check out at a fixed rate, and every second one more checkout needs a locked row.
 * The others are measured in turn: without a lock, and with one, two and ten rows locked. All of them must be paid. Those
 * that need the row must get a final answer or 202. Then the stranger locks the whole table against writing: everybody
 * waits, and nobody may get a wrong answer or a 5xx.
 */
export const lockedRows: Scenario = {
  name: 'locked-rows',
  description: 'p99 of other checkouts while a stranger has rows locked, against p99 without; a locked table',
  onTarget: false,
  async run(context) {
    const { options, say } = context;
    const dataset = await context.openDataset();
    const shop = dataset.shop as LocalShop;
    const loadRuns: LoadRun[] = [];
    const besideALock: number[] = [];
    const ended = { rows: [] as number[], table: [] as number[] };
    for (const locked of lockedTables) {
      const { table } = locked;
      const free = await others(dataset, context, `${table}: no lock`);
      loadRuns.push(free);
      for (const rows of ROWS) {
        const what = `${table}, ${rows}`;
        await dataset.makeRoom(loadOf(context, what));
        const { result, endedAfter } = await holdRows(shop, locked, rows, () =>
          others(dataset, context, what),
        );
        loadRuns.push(result);
        besideALock.push(...ratios([result.latencyMs.p99], [free.latencyMs.p99]));
        ended.rows.push(endedAfter);
        say(
          `${what}: p99 ${free.latencyMs.p99} ms without a lock, ${result.latencyMs.p99} ms with it ` +
            `(${result.checkouts} checkouts); everything had ended ${endedAfter.toFixed(1)} s after the release`,
        );
      }
      const seconds = Math.min(TABLE_HELD_SECONDS, options.seconds);
      const endedAfter = await holdTable(shop, locked, seconds * 1_000);
      ended.table.push(endedAfter);
      say(
        `${table}, the whole table for ${seconds} s: everything had ended ${endedAfter.toFixed(1)} s later`,
      );
    }
    await dataset.assertBalanced();
    await shop.close();
    const tooShort = (seconds: number) => options.seconds < seconds && ({ unjudged: true } as const);
    return {
      loadRuns,
      figures: [
        {
          id: 'p99_beside_a_lock',
          name: 'p99 of others while rows are locked ÷ without, the worst table',
          unit: '',
          spread: spreadOf([Math.max(...besideALock)]),
          ...tooShort(JUDGED_FROM_SECONDS),
        },
        {
          id: 'ended_after_release',
          name: 'seconds from the release until everything had ended, the worst table',
          unit: 's',
          spread: spreadOf([Math.max(...ended.rows)]),
        },
        {
          id: 'ended_after_table',
          name: 'the same after a whole table was locked for 20 s, the worst table',
          unit: 's',
          spread: spreadOf([Math.max(...ended.table)]),
          ...tooShort(TABLE_HELD_SECONDS),
        },
      ],
    };
  },
};

const loadOf = ({ options }: ScenarioContext, name: string): LoadRunOptions => ({
  ...options,
  name,
  connections: CONNECTIONS,
  perSecond: OTHERS_PER_SECOND,
});

function others(dataset: Dataset, context: ScenarioContext, name: string): Promise<LoadRun> {
  return dataset.run(loadOf(context, name));
}
