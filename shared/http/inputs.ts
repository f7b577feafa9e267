import * as z from 'zod';
import 'zod-openapi';

/** The largest amount, price, quantity or count that a request may name. */
export const MAX_AMOUNT = 2 ** 31 - 1;

/** The largest balance, stock or total: the largest integer that every JSON parser reads exactly. */
export const MAX_TOTAL = Number.MAX_SAFE_INTEGER;

/** Plain decimal digits and nothing else: no sign, exponent, hexadecimal, space, leading zero or non-ASCII digit. */
const DIGITS = /^(?:0|[1-9][0-9]{0,9})$/;

export const id = z
  .string()
  .regex(/^[A-Za-z0-9_-]{1,64}$/, 'must be 1 to 64 characters from A-Z, a-z, 0-9, "_" and "-"')
  .meta({
    id: 'Id',
    description: 'Generated ids are UUIDv7; batch_init names its rows "0", "1", and so on.',
  });

/** A number of units, or of credits. */
export const amount = wholeNumber(1, MAX_AMOUNT);

/** A price or a starting balance, which unlike an amount may be zero. */
export const amountOrZero = wholeNumber(0, MAX_AMOUNT);

/** How many rows of a list a page has. */
export const pageSize = wholeNumber(1, 100);

/** How many rows a batch_init loads. It is limited, because all other writers wait for this one transaction. */
export const rowCount = wholeNumber(1, 200_000);

/** A balance, stock or total in an answer. */
export const total = z.int().min(0).max(MAX_TOTAL);

function wholeNumber(min: number, max: number) {
  return z
    .string()
    .refine((text) => DIGITS.test(text) && Number(text) >= min && Number(text) <= max, {
      error: `must be a whole number from ${min} to ${max}, written in decimal digits`,
    })
    .transform(Number)
    .meta({ override: { type: 'integer', minimum: min, maximum: max } });
}
