import { type Exploration, explore, told } from './explore';
import { brokenHandlers, brokenProtocols } from './mutants';
import { shops } from './shops';
import { FailedLife, simulate } from './simulate';
import { protocol, type Rules } from './world';

const MOST_LIVES = 20;

/** Proof that the checkers bite: what nobody notices here would go unnoticed in the services. */
test.each(Object.entries(brokenProtocols))('the model notices when %s', async (name, broken) => {
  const rules = { ...protocol, ...broken };
  let states = 0;
  let found: Exploration | undefined;
  for (const { shop, bounds } of Object.values(shops)) {
    found = await explore(shop, bounds, rules);
    states += found.states;
    if (found.violation) {
      break;
    }
  }
  report(
    `${name}\n  model, after ${states} states: ${found && told(found)}\n  simulation: ${await livesUntilNoticed(rules)}`,
  );
  expect(found?.violation).toBeDefined();
});

test.each(Object.entries(brokenHandlers))('the simulation notices when %s', async (name, broken) => {
  const noticed = await livesUntilNoticed({ ...protocol, ...broken });
  report(`${name}\n  simulation: ${noticed}`);
  expect(noticed).toContain('With seed');
});

async function livesUntilNoticed(rules: Rules): Promise<string> {
  for (let seed = 1; seed <= MOST_LIVES; seed++) {
    try {
      await simulate(seed, { rules });
    } catch (error) {
      if (!(error instanceof FailedLife)) {
        throw error;
      }
      return error.message;
    }
  }
  return `nothing noticed in ${MOST_LIVES} lives`;
}

function report(text: string): void {
  process.stderr.write(`${text}\n`);
}
