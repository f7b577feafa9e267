import { createHash } from 'node:crypto';
import { manifestsOf, ofKind } from './manifests';

/**
 * The laptop has one copy of its data, and 0.1.0 answers 503 while a server restarts. Kubernetes restarts one whose template
 * changes. If one has to, say so under "Upgrading" in CHANGELOG.md, and write its new digest here.
 */
const TEMPLATES_OF_0_1_0 = {
  'order-db': 'e4968100ea2a2183',
  'payment-db': '299543badd23ed97',
  rabbitmq: '157b757ef0ed3082',
  'stock-db': 'a7a783f24c8e85c7',
};

interface StatefulSet {
  template: object;
}

/** Returns JSON in which the order of keys says nothing. */
const canonical = (value: unknown) =>
  JSON.stringify(value, (_, part) =>
    part !== null && typeof part === 'object' && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  );

test('an upgrade from 0.1.0 restarts no database and no broker of the laptop', async () => {
  const servers = ofKind<StatefulSet>(await manifestsOf('laptop'), 'StatefulSet').filter(
    ({ metadata }) => metadata.name in TEMPLATES_OF_0_1_0,
  );
  const templates = servers.map(({ metadata, spec }) => [
    metadata.name,
    createHash('sha256').update(canonical(spec.template)).digest('hex').slice(0, 16),
  ]);
  expect(Object.fromEntries(templates)).toEqual(TEMPLATES_OF_0_1_0);
});
