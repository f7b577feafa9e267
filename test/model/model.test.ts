import { describeExploration, explore } from './explore';
import { shops } from './shops';

/** The services' own decisions, in every state that a small shop can reach. */
test.each(Object.entries(shops))(
  'no order of events breaks an invariant, and every saga ends: %s',
  async (name, { shop, bounds }) => {
    const exploration = await explore(shop, bounds);
    process.stderr.write(`model, ${name}: ${describeExploration(exploration)}\n`);
    // The test compares the whole description, so that a failure shows the trace.
    expect(describeExploration(exploration)).not.toContain('The trace:');
    expect(exploration.states).toBeGreaterThan(4_000);
    expect(exploration.restStates).toBeGreaterThan(100);
  },
);
