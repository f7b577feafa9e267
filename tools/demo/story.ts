import type { Outcome } from './client';
import { bold, dim, mark } from './print';
import type { Buyer, DemoShop } from './shop';

/**
 * Shows what can happen at a checkout, one buyer after another, and checks credit and stock right after each answer.
 * @returns what did not go as expected
 */
export async function runStory(shop: DemoShop): Promise<string[]> {
  const problems: string[] = [];
  const report = (scene: string, outcomes: readonly Outcome[], expected: string, isAsExpected: boolean) => {
    const answers = outcomes.map(({ status, reason }) => (reason ? `${status} ${reason}` : `${status}`));
    console.log(`  ${mark(isAsExpected)} ${scene.padEnd(46)} ${answers.join(' and ')}`);
    console.log(dim(`      ${expected}`));
    if (!isAsExpected) {
      problems.push(`"${scene}": expected that ${expected}.`);
    }
  };

  const rope = await shop.addGood('rope', 12, 50);
  const lantern = await shop.addGood('lantern', 35, 20);
  const anchor = await shop.addGood('anchor', 90, 5);
  const sextant = await shop.addGood('sextant', 80, 2);
  const ada = await shop.addBuyer('Ada', 100);
  const grace = await shop.addBuyer('Grace', 60);
  const alan = await shop.addBuyer('Alan', 250);
  const barbara = await shop.addBuyer('Barbara', 200);
  const shelves = shop.goods.map(({ name, price, putIn }) => `${putIn} × ${name} at ${price}`);
  const purses = shop.buyers.map(({ name, given }) => `${name} ${given}`);
  console.log(`\n${bold('A small shop')} at ${shop.origin}`);
  console.log(`  In stock        ${shelves.join(', ')}`);
  console.log(`  Credit          ${purses.join(', ')}\n`);

  const creditOf = (buyer: Buyer) => shop.creditOf(buyer);

  const first = await shop.placeOrder(ada, [
    [rope, 2],
    [lantern, 1],
  ]);
  const bought = await shop.checkOut(first);
  const adaPaid = (await creditOf(ada)) === 41 && (await shop.stockOf(rope)) === 48;
  const paid59 = 'she has paid 59 and has 41 left, and 48 ropes are on the shelf';
  report('Ada buys 2 ropes and a lantern', [bought], paid59, bought.status === 200 && adaPaid);

  const tooDear = await shop.placeOrder(grace, [[anchor, 1]]);
  const poor = await shop.checkOut(tooDear);
  const graceKept = (await creditOf(grace)) === 60 && (await shop.stockOf(anchor)) === 5;
  const anchorBack = 'she keeps her 60, and the anchor reserved for her can be sold again';
  report(
    'Grace, who has 60, wants an anchor',
    [poor],
    anchorBack,
    isRefusal(poor, 'insufficient_credit') && graceKept,
  );

  const tooMany = await shop.placeOrder(alan, [
    [rope, 1],
    [sextant, 3],
  ]);
  const short = await shop.checkOut(tooMany);
  const alanKept = (await creditOf(alan)) === 250 && (await shop.stockOf(rope)) === 48;
  const nothingTaken = 'he keeps his 250, and no rope was taken either';
  report(
    'Alan wants a rope and 3 of the 2 sextants',
    [short],
    nothingTaken,
    isRefusal(short, 'out_of_stock') && alanKept,
  );

  const twice = await shop.placeOrder(barbara, [[anchor, 1]]);
  const both = await Promise.all([shop.checkOut(twice), shop.checkOut(twice)]);
  const isOneSaga = both.every(({ status, sagaId }) => status === 200 && sagaId === both[0].sagaId);
  const chargedOnce = (await creditOf(barbara)) === 110 && (await shop.stockOf(anchor)) === 4;
  const oneAnchor = 'both requests got the same outcome: she paid 90 once and has one anchor';
  report('Barbara checks one order out twice at once', both, oneAnchor, isOneSaga && chargedOnce);

  const again = await shop.checkOut(twice);
  const stillOnce = again.status === 200 && (await creditOf(barbara)) === 110;
  report('Barbara checks it out once more', [again], 'it is already paid, and she still has 110', stillOnce);

  await shop.removeOne(tooMany, sextant);
  const mended = await shop.checkOut(tooMany);
  const soldOut = (await creditOf(alan)) === 78 && (await shop.stockOf(sextant)) === 0;
  const paid172 = 'the same order is now paid: 172, so he has 78 left, and the sextants are sold out';
  report('Alan removes one sextant and tries again', [mended], paid172, mended.status === 200 && soldOut);
  return problems;
}

function isRefusal({ status, reason }: Outcome, expected: string): boolean {
  return status >= 400 && status < 500 && reason === expected;
}
