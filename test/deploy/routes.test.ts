import { changes, expectInOrder, Rehearsal } from './rehearsal';
import { openShopFront, type ShopFront } from './shop-front';

/** How deploy-to-cluster.sh changes the routes of a shop that sells meanwhile. */

let shop: ShopFront;
let rehearsal: Rehearsal;
beforeAll(async () => {
  shop = await openShopFront();
});
afterAll(() => shop?.close());
beforeEach(async () => {
  rehearsal = await Rehearsal.begin();
  rehearsal.shortenTimeouts();
});
afterEach(() => rehearsal.end());

const deploy = (...args: string[]) => rehearsal.run('laptop', '--url', shop.url, ...args);
const KEY = 'httproute/chandlery/order';
const rules = () => rehearsal.cluster.objects.get(KEY)?.spec?.rules ?? [];

test('the proxies learn where a new rule leads before they follow it', async () => {
  await deploy();
  const wanted = structuredClone(rules());
  expect(wanted).toHaveLength(2);
  const [, everything] = wanted;
  rules().splice(0, 2, structuredClone(everything as (typeof wanted)[0]));

  const seen: unknown[] = [];
  rehearsal.cluster.isUnavailable = (words) => {
    if (words === 'apply') {
      seen.push(structuredClone(rules()));
    }
    return false;
  };
  const { status, output, calls } = await deploy();
  expect([status, output]).toEqual([0, expect.stringContaining('the gateway learns where new routes lead')]);
  expectInOrder(changes(calls).join('\n'), ['patch httproute order', 'apply']);
  // What leads to everything stays where it is, and the other rule is not followed yet.
  expect(seen).toContainEqual([
    everything,
    {
      matches: [{ path: { type: 'Exact', value: '/.not-yet' } }],
      backendRefs: [{ name: 'order', port: 80 }],
    },
  ]);
  expect(rules()).toEqual(wanted);
});

test('routes that have all their rules are not prepared, nor those of a shop that is new', async () => {
  for (const { calls } of [await deploy(), await deploy()]) {
    expect(calls.filter((call) => call.includes(' patch '))).toEqual([]);
  }
});

test('a dry run prepares nothing', async () => {
  await deploy();
  rules().pop();
  const { status, calls } = await deploy('--dry-run');
  expect([status, calls.filter((call) => call.includes(' patch '))]).toEqual([0, []]);
  expect(rules()).toHaveLength(1);
});
