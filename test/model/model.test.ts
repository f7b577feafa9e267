import { explore, told } from './explore';
import { shops } from './shops';

/** The services' own decisions, in every state that a small shop can get into. */
test.each(Object.entries(shops))(
  'whatever comes in whatever order, no invariant is ever broken and every saga ends: %s',
  async (name, { shop, bounds }) => {
    const exploration = await explore(shop, bounds);
    process.stderr.write(`model, ${name}: ${told(exploration)}\n`);
    // The whole sentence, so that a failure shows the way to it.
    expect(told(exploration)).not.toContain('by way of');
    expect(exploration.states).toBeGreaterThan(5_000);
    expect(exploration.ends).toBeGreaterThan(100);
  },
);
