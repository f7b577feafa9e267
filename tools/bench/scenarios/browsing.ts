import { participantNames } from '../../../shared/services';
import { letIn, stockProducts } from '../browse/crowd';
import type { CrowdResult } from '../browse/protocol';
import { PLENTY } from '../dataset';
import { latencyOf } from '../load/histogram';
import { spreadOf } from '../measure/spread';
import type { LocalShop } from '../rig/shop';
import type { Scenario } from '../scenario';

const PEOPLE = 64;
const PRODUCTS = 100;

/**
 * People look around and buy now and then: of all that they do, 95 % are reads of lists, searches and products, and 5 % are a
 * purchase of one unit, from the new order to the answer to its checkout.
 */
export const browsing: Scenario = {
  name: 'browsing',
  description: `reads, checkouts and the age of quantities while ${PEOPLE} people browse (95 %) and buy (5 %)`,
  onTarget: false,
  async run({ options, say, openDataset }) {
    const dataset = await openDataset({ orders: 100, fill: false });
    const shop = dataset.shop as LocalShop;
    await shop.restart({ services: participantNames });
    await dataset.fill();
    const catalogUrl = shop.urlOf('catalog');
    const items = await stockProducts(catalogUrl, PRODUCTS);
    const urls = { order: shop.urlOf('order'), stock: shop.urlOf('stock'), catalog: catalogUrl };
    const results: CrowdResult[] = [];
    for (let round = 1; round <= options.rounds; round++) {
      const result = await letIn({
        ...{ urls, items, users: options.size, people: PEOPLE },
        ...{ warmUpMs: options.warmUpSeconds * 1_000, forMs: options.seconds * 1_000 },
      });
      results.push(result);
      say(`round ${round}: ${describe(result, options.seconds)}`);
    }
    assertAnswered(results);
    const paid = results.reduce((sum, result) => sum + result.paid, 0);
    await shop.assertBalanced({
      paid,
      filled: { credit: PLENTY, stock: PLENTY, units: paid, spent: paid },
    });
    await shop.close();
    const figure = (id: string, name: string, unit: string, value: (result: CrowdResult) => number) => ({
      ...{ id, name, unit, spread: spreadOf(results.map(value)) },
    });
    return {
      loadRuns: [],
      details: { answers: results.map(({ answers }) => answers) },
      figures: [
        figure(
          'browsed',
          'reads of the catalogue a second, beside purchases',
          '/s',
          ({ reads }) => reads.count / options.seconds,
        ),
        figure(
          'bought',
          'purchases a second, beside reads',
          '/s',
          ({ checkouts }) => checkouts.count / options.seconds,
        ),
        figure(
          'p99_browsing',
          'p99 of reads of the catalogue',
          'ms',
          ({ reads }) => latencyOf(reads.latency).p99,
        ),
        figure(
          'p99_buying',
          'p99 of checkouts beside them',
          'ms',
          ({ checkouts }) => latencyOf(checkouts.latency).p99,
        ),
        figure(
          'page_behind',
          'longest time a page is behind what stock says',
          'ms',
          ({ behindMs }) => behindMs,
        ),
      ],
    };
  },
};

function describe({ reads, checkouts, behindMs }: CrowdResult, seconds: number): string {
  const rate = (count: number) => Math.round(count / seconds);
  return (
    `${rate(reads.count)} reads/s, p99 ${latencyOf(reads.latency).p99.toFixed(1)} ms; ${rate(checkouts.count)} checkouts/s, ` +
    `p99 ${latencyOf(checkouts.latency).p99.toFixed(1)} ms; a page was ${Math.round(behindMs)} ms behind at most`
  );
}

function assertAnswered(results: readonly CrowdResult[]): void {
  const others = results.flatMap(({ answers }) =>
    Object.keys(answers).filter((name) => !name.endsWith(' 200')),
  );
  if (others.length > 0) {
    throw new Error(`People were answered ${[...new Set(others)].join(', ')}, and not only 200.`);
  }
}
