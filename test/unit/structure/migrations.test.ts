import { join } from 'node:path';
import { root } from '../../../shared/root';
import { serviceNames } from '../../../shared/services';
import {
  NO_TRANSACTION,
  parseMigration,
  readMigrations,
  withoutComments,
} from '../../../tools/deploy/migrations';

/** Checks "A migration" of docs/architecture.md: no script keeps a lock that stops the shop for longer than a moment. */

/** Older than the rules. What is applied may not be changed, and CHANGELOG says how long they take. */
const OLDER = ['20261121200000_stock_cheaper_writes', '20261121300000_stock_held_is_derived'];

const SLOW: readonly [string, RegExp][] = [
  ['builds an index without CONCURRENTLY', /^CREATE\s+(UNIQUE\s+)?INDEX\s+(?!CONCURRENTLY)/i],
  ['drops an index without CONCURRENTLY', /^DROP\s+INDEX\s+(?!CONCURRENTLY)/i],
  ['validates a constraint at once', /\bADD\s+CONSTRAINT\b(?![^;]*\b(NOT\s+VALID|USING\s+INDEX)\b)/i],
  ['changes a type', /\bALTER\s+COLUMN\s+\S+\s+(SET\s+DATA\s+)?TYPE\b/i],
  ['adds a column that is computed for each row', /\bADD\s+COLUMN\b[^;]*(GENERATED|DEFAULT\s+\w+\()/i],
  ['renames what running programs use', /^ALTER\b[^;]*\bRENAME\b/i],
  ['changes all rows at once', /^(UPDATE|DELETE)\b/i],
];

/** The statements of a script, apart from those about the tables that it creates, which nobody uses yet. */
function statementsOf(script: string): { statement: string; table: string | undefined }[] {
  const code = withoutComments(script);
  const created = [...code.matchAll(/CREATE\s+TABLE\s+"?(\w+)/gi)].map(([, table]) => table);
  return code
    .split(';')
    .map((statement) => ({
      statement: statement.trim(),
      table: /\b(?:ON|TABLE)\s+(?:IF\s+EXISTS\s+|ONLY\s+)*"?(\w+)/i.exec(statement)?.[1],
    }))
    .filter(({ table }) => !created.includes(table));
}

const slowIn = (script: string) =>
  statementsOf(script).flatMap(({ statement }) =>
    SLOW.filter(([, pattern]) => pattern.test(statement)).map(([what]) => what),
  );

/** The last migration of 0.1.0. What a later one takes away must not have been used by the release before it (0027). */
const FIRST_RELEASE = '20261121400000';

const TAKES_AWAY: readonly [string, RegExp][] = [
  ['drops a table', /^DROP\s+TABLE\b/i],
  ['drops a column', /\bDROP\s+COLUMN\b/i],
  ['demands a value', /\bSET\s+NOT\s+NULL\b/i],
  [
    'adds a column that older programs do not fill',
    /\bADD\s+COLUMN\b(?=[^,;]*\bNOT\s+NULL\b)(?![^,;]*\bDEFAULT\b)/i,
  ],
];

const takenAwayIn = (script: string) =>
  statementsOf(script).flatMap(({ statement }) =>
    TAKES_AWAY.filter(([, pattern]) => pattern.test(statement)).map(([what]) => what),
  );

/** Locks a table against writing. Validating a constraint and changing storage settings do not. */
const LOCKS =
  /^(ALTER\s+TABLE\b(?![^;]*\bVALIDATE\s+CONSTRAINT\b)(?![^;]*\bSET\s*\()|(DROP|TRUNCATE|LOCK)\s+TABLE\b|(CREATE|DROP)\s+TRIGGER\b)/i;

/** The tables that a script keeps locked, each while it waits for the lock of the next. */
const lockedBy = (script: string) => [
  ...new Set(statementsOf(script).flatMap(({ statement, table }) => (LOCKS.test(statement) ? table : []))),
];

const migrationsOf = (service: string) => readMigrations(join(root, service, 'prisma/migrations'));

test.each(serviceNames)('no migration of %s stops the shop', (service) => {
  const found = migrationsOf(service)
    .filter(({ name }) => !OLDER.includes(name))
    .flatMap(({ name, script }) => slowIn(script).map((what) => `${name} ${what}`));
  expect(found).toEqual([]);
});

test.each(serviceNames)('no migration of %s stops programs that are rolled back', (service) => {
  const found = migrationsOf(service)
    .filter(({ name }) => name.slice(0, FIRST_RELEASE.length) > FIRST_RELEASE)
    .flatMap(({ name, script }) => takenAwayIn(script).map((what) => `${name} ${what}`));
  expect(found).toEqual([]);
});

test.each([
  ['DROP TABLE "b"', 'drops a table'],
  ['ALTER TABLE "b" DROP COLUMN "c"', 'drops a column'],
  ['ALTER TABLE "b" ALTER COLUMN "c" SET NOT NULL', 'demands a value'],
  [
    'ALTER TABLE "b" ADD COLUMN "c" INT NOT NULL, ADD COLUMN "d" INT',
    'adds a column that older programs do not fill',
  ],
])('%s takes something away', (statement, what) => {
  expect(takenAwayIn(statement)).toEqual([what]);
});

test.each([
  'ALTER TABLE "b" ADD COLUMN "c" INT NOT NULL DEFAULT 0, ADD COLUMN "d" INT',
  'CREATE TABLE "b" ("c" INT); ALTER TABLE "b" ADD COLUMN "d" INT NOT NULL',
])('%s takes nothing away', (script) => {
  expect(takenAwayIn(script)).toEqual([]);
});

/**
 * It was applied before this test knew the rule. What is applied may not be changed: a database that has a script is
 * never compared with it again, and one that does not must not become another. It keeps `orders` while it waits for `sagas`.
 */
const LOCKS_TWO = ['20261128000000_order_saga_ids'];

test.each(serviceNames)('no migration of %s keeps a table locked while it waits for another', (service) => {
  const found = migrationsOf(service)
    .filter(({ name }) => !OLDER.includes(name) && !LOCKS_TWO.includes(name))
    .map(({ name, script }) => ({ name, tables: lockedBy(script) }))
    .filter(({ tables }) => tables.length > 1);
  expect(found).toEqual([]);
});

test.each([
  ['ALTER TABLE "a" ADD COLUMN "c" INT; ALTER TABLE ONLY "b" ADD COLUMN "c" INT', ['a', 'b']],
  ['DROP TABLE IF EXISTS "a"; LOCK TABLE b; TRUNCATE TABLE "c"', ['a', 'b', 'c']],
  ['CREATE TRIGGER "t" BEFORE UPDATE ON "a" EXECUTE FUNCTION f(); DROP TRIGGER "t" ON "b"', ['a', 'b']],
  ['ALTER TABLE "a" ADD COLUMN "c" INT; ALTER TABLE "a" ADD COLUMN "d" INT', ['a']],
  [
    'CREATE TABLE "a" ("c" INT); ALTER TABLE "a" ADD COLUMN "d" INT; ALTER TABLE "b" ADD COLUMN "d" INT',
    ['b'],
  ],
  ['ALTER TABLE "a" VALIDATE CONSTRAINT "c"; ALTER TABLE "b" SET (fillfactor = 80)', []],
])('%s locks %j', (script, tables) => {
  expect(lockedBy(script)).toEqual(tables);
});

test.each([
  ['CREATE INDEX "a" ON "b" ("c")', 'builds an index without CONCURRENTLY'],
  ['DROP INDEX "a"', 'drops an index without CONCURRENTLY'],
  ['ALTER TABLE "b" ADD CONSTRAINT "d" CHECK ("c" > 0)', 'validates a constraint at once'],
  ['ALTER TABLE "b" ALTER COLUMN "c" TYPE TEXT', 'changes a type'],
  [
    'ALTER TABLE "b" ADD COLUMN "e" UUID DEFAULT gen_random_uuid()',
    'adds a column that is computed for each row',
  ],
  ['ALTER TABLE "b" RENAME COLUMN "c" TO "d"', 'renames what running programs use'],
  [`-- Old rows.\nUPDATE "b" SET "c" = 1`, 'changes all rows at once'],
])('%s is slow', (statement, what) => {
  expect(slowIn(`CREATE TABLE "other" ("id" TEXT); ${statement};`)).toEqual([what]);
});

test.each([
  'CREATE TABLE "b" ("c" INT); CREATE INDEX "a" ON "b" ("c")',
  `${NO_TRANSACTION}\nCREATE INDEX CONCURRENTLY IF NOT EXISTS "a" ON "b" ("c")`,
  'ALTER TABLE "b" ADD CONSTRAINT "d" CHECK ("c" > 0) NOT VALID',
  'ALTER TABLE "b" ADD CONSTRAINT "d" UNIQUE USING INDEX "a"',
  'ALTER TABLE "b" ADD COLUMN "e" TEXT, ADD COLUMN "f" INT DEFAULT 0',
])('%s is quick', (script) => {
  expect(slowIn(script)).toEqual([]);
});

describe('a script', () => {
  test.each(['BEGIN; SELECT 1', 'SELECT 1;\n commit', 'SELECT 1; -- and then\n ROLLBACK;'])(
    'that has a transaction of its own is refused: %s',
    (script) => expect(() => parseMigration('1_wrong', script)).toThrow('a migration is one transaction'),
  );

  test.each([
    `INSERT INTO "texts" VALUES ('; COMMIT')`,
    'SELECT 1 /* ; COMMIT */ -- ; COMMIT',
    'CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$',
    `${NO_TRANSACTION}\nDO $batch$ BEGIN LOOP COMMIT; END LOOP; END $batch$`,
  ])('may name one in a text, a comment or a body: %s', (script) => {
    expect(parseMigration('1_right', script).script).toBe(script);
  });

  test.each([
    ['CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS "By User" ON "orders" ("user_id")', 'By User'],
    ['-- Why.\ncreate index concurrently if not exists By_User on orders (user_id)', 'by_user'],
    ['DROP INDEX CONCURRENTLY IF EXISTS "by_user"', undefined],
  ])('without a transaction says which index it builds: %s', (statement, index) => {
    const script = `${NO_TRANSACTION}\n${statement}`;
    expect(parseMigration('1_index', script)).toEqual({ name: '1_index', script, repeatable: true, index });
  });

  test('that builds an index must be safe to run again', () => {
    const script = `${NO_TRANSACTION}\nCREATE INDEX CONCURRENTLY "a" ON "b" ("c")`;
    expect(() => parseMigration('1_index', script)).toThrow('1_index must say IF NOT EXISTS');
  });
});
