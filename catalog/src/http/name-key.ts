import { statement } from '../../../shared/postgres/statement';

/**
 * Returns a name as names are compared and sorted: without upper case, in one spelling of each character (Unicode, NFKC), and with
 * one kind of apostrophe. Not the database's own lower case, which depends on how each database was made.
 */
export function nameKey(name: string): string {
  return name
    .normalize('NFKC')
    .toLowerCase()
    .replaceAll(/[\u2018\u2019]/g, "'");
}

/** Whoever looks whether a name is free takes turns with others, so that it still is when it is taken. */
export const lockNames = statement(
  'http_lock_names',
  `SELECT pg_advisory_xact_lock(hashtext('products.name_key'))`,
);
