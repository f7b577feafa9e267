import { describeExploration, type Exploration, explore } from './explore';
import { brokenHandlers, brokenProtocols } from './mutants';
import { shops } from './shops';
import { FailedRun, simulate } from './simulate';
import { protocol, type Rules } from './world';

const MAX_RUNS = 20;

/** Shows that the checkers work: a defect that they miss here would also be missed in the services. */
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
  report(`${name}\n  model, after ${states} states: ${found && describeExploration(found)}`);
  expect(found?.violation).toBeDefined();
});

test.each(Object.entries(brokenHandlers))('the simulation notices when %s', async (name, broken) => {
  const noticed = await runUntilNoticed({ ...protocol, ...broken });
  report(`${name}\n  simulation: ${noticed}`);
  expect(noticed).toContain('With seed');
});

async function runUntilNoticed(rules: Rules): Promise<string> {
  for (let seed = 1; seed <= MAX_RUNS; seed++) {
    try {
      await simulate(seed, { rules });
    } catch (error) {
      if (!(error instanceof FailedRun)) {
        throw error;
      }
      return error.message;
    }
  }
  return `nothing noticed in ${MAX_RUNS} runs`;
}

function report(text: string): void {
  process.stderr.write(`${text}\n`);
}
