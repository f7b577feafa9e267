import { serviceNames } from '../../../shared/services';
import { outside, type Source, sources } from './sources';

/**
 * shared/services.ts is the one list of services. A new service would be forgotten in any other file that spells the
 * list out. Code about the checkout saga alone may name its participants one by one, for example as `stock.run(…)`.
 */

/** Files that list the names for another reason than "every service". */
const ALLOWED: Record<string, string> = {
  'test/deploy/overlays.test.ts': 'the order in which the script replaces them',
  'tools/audit/snapshots.ts': 'the order in which the invariants read the databases',
  'test/model/world.ts': 'the participants of the saga that the model explores',
};

const name = `(?:${serviceNames.join('|')})`;
/** Three names in a row are a list: 'order', 'stock', 'payment' and 'order' | 'stock' | 'payment' … */
const quoted = new RegExp(`'${name}s?'(?:\\s*[,|]\\s*'${name}s?'){2}`);
/** … and order|stock|payment, as in a regular expression. */
const alternatives = new RegExp(`\\b${name}s?(?:\\|${name}s?){2}\\b`);

const spelledOut = ({ text }: Pick<Source, 'text'>) => (quoted.exec(text) ?? alternatives.exec(text))?.[0];

test.each([
  `const names = ['order', 'payment', 'stock'];`,
  `type Name = 'stock' | 'order' | 'payment';`,
  `/^(orders|payment|stock)/`,
])('notices %s', (text) => {
  expect(spelledOut({ text })).toBeDefined();
});

test.each([`const { order, payment, stock } = databases;`, `order.run(sagas); stock.run(reservations);`])(
  'allows %s',
  (text) => {
    expect(spelledOut({ text })).toBeUndefined();
  },
);

test('only shared/services.ts spells out the services', () => {
  const found = sources
    .filter(({ path }) => outside(...serviceNames, 'test/unit/structure')(path) && !(path in ALLOWED))
    .flatMap((source) => {
      const text = spelledOut(source);
      return text === undefined ? [] : [`${source.path}: ${text.replace(/\s+/g, ' ')}`];
    });
  expect(found).toEqual([]);
});

test('every allowed file still needs to be allowed', () => {
  for (const path of Object.keys(ALLOWED)) {
    const allowed = sources.find((source) => source.path === path);
    expect(allowed && spelledOut(allowed)).toBeDefined();
  }
});

test('nothing in shared knows one particular service, except the contract', () => {
  const literal = new RegExp(`['"\`/]${name}['"\`/.]`);
  const found = sources
    .filter(({ path }) => path.startsWith('shared/') && !path.startsWith('shared/contract/'))
    .filter(({ path }) => path !== 'shared/services.ts')
    .flatMap(({ path, text }) =>
      text
        .split('\n')
        .filter((line) => !/^\s*(\*|\/\/|\/\*\*)/.test(line) && literal.test(line))
        .map((line) => `${path}: ${line.trim()}`),
    );
  expect(found).toEqual([]);
});
