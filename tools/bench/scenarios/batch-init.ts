import { spreadOf } from '../measure/spread';
import type { Scenario } from '../scenario';

/** Measures how long `batch_init` takes: into empty tables, and then over existing rows. */
export const batchInit: Scenario = {
  name: 'batch-init',
  description: 'seconds that batch_init takes for users, items and orders',
  onTarget: true,
  async run({ options, say, openDataset }) {
    const dataset = await openDataset({ fill: false });
    const first = await dataset.fill();
    const again = await dataset.fill();
    const describe = ({ users, items, orders }: typeof first) =>
      `users ${users.toFixed(1)} s, items ${items.toFixed(1)} s, orders ${orders.toFixed(1)} s`;
    say(`into empty tables: ${describe(first)}; over existing rows: ${describe(again)}`);
    await dataset.assertBalanced();
    await dataset.shop.close();
    const size = options.size.toLocaleString('en');
    const figure = (id: string, name: string, seconds: number) => ({
      id,
      name,
      unit: 's',
      spread: spreadOf([seconds]),
    });
    return {
      loadRuns: [],
      details: { first, again },
      figures: [
        figure('batch_init_users', `batch_init of ${size} users`, first.users),
        figure('batch_init_items', `batch_init of ${size} items`, first.items),
        figure('batch_init_orders', `batch_init of ${size} orders`, first.orders),
        figure('batch_init', 'batch_init, the slowest', Math.max(...Object.values({ ...first }))),
        figure(
          'batch_init_again',
          'batch_init over existing rows, the slowest',
          Math.max(...Object.values(again)),
        ),
      ],
    };
  },
};
