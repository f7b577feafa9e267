import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** One folder of <service>/prisma/migrations. */
export interface Migration {
  readonly name: string;
  readonly script: string;
  /** Whether it runs outside a transaction; then it is one statement that is safe to run again. */
  readonly repeatable: boolean;
  /** The index that it creates CONCURRENTLY. */
  readonly index: string | undefined;
}

/** The first line of a script that PostgreSQL refuses to run in a transaction, such as CREATE INDEX CONCURRENTLY. */
export const NO_TRANSACTION = '-- migrate: no transaction';

const CREATE_INDEX =
  /^CREATE\s+(?:UNIQUE\s+)?INDEX\s+CONCURRENTLY\s+(IF\s+NOT\s+EXISTS\s+)?(?:"([^"]+)"|(\w+))\s/i;
const ENDS_TRANSACTION = /(?:^|;)\s*(BEGIN|START|COMMIT|END|ROLLBACK|ABORT|SAVEPOINT|PREPARE)\b/i;

/** Returns the migrations of a folder, in the order in which they are applied. */
export function readMigrations(folder: string): Migration[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .sort()
    .map((name) => parseMigration(name, readFileSync(join(folder, name, 'migration.sql'), 'utf8')));
}

/** @throws Error when the script could not be run again after an interruption */
export function parseMigration(name: string, script: string): Migration {
  const statements = withoutComments(script);
  const [, control] = ENDS_TRANSACTION.exec(withoutTexts(statements)) ?? [];
  if (control !== undefined) {
    throw new Error(
      `${name} must not say ${control.toUpperCase()}: a migration is one transaction with the record of it.`,
    );
  }
  if (script.split(/\r?\n/, 1)[0] !== NO_TRANSACTION) {
    return { name, script, repeatable: false, index: undefined };
  }
  const [creates, ifNotExists, quoted, plain] = CREATE_INDEX.exec(statements) ?? [];
  if (creates !== undefined && ifNotExists === undefined) {
    throw new Error(`${name} must say IF NOT EXISTS: it runs again after an interruption.`);
  }
  return { name, script, repeatable: true, index: quoted ?? plain?.toLowerCase() };
}

const PARTS = /--.*|\/\*[\s\S]*?\*\/|"[^"]*"|'[^']*'|\$(\w*)\$[\s\S]*?\$\1\$/g;

export function withoutComments(script: string): string {
  return script.replace(PARTS, (part) => (/^(--|\/\*)/.test(part) ? '' : part)).trim();
}

/** Texts, names and the bodies of functions may contain any word. */
function withoutTexts(statements: string): string {
  return statements.replace(PARTS, '""');
}
