import * as z from 'zod';

/** Text of one line: spaces at its ends and double ones inside are nobody's intention. */
function line(max: number) {
  return z
    .string()
    .transform((text) => text.trim().replaceAll(/\s+/g, ' '))
    .pipe(
      z
        .string()
        .min(1, 'must not be empty')
        .max(max, `may be at most ${max} characters long`)
        .regex(/^\P{C}*$/u, 'must not contain control characters'),
    )
    .meta({ override: { type: 'string', minLength: 1, maxLength: max } });
}

const MAX_DESCRIPTION = 2_000;
const MAX_CATEGORIES = 5;

export const name = line(80);
export const category = line(40);
export const search = line(100);

export const description = z
  .string()
  .trim()
  .max(MAX_DESCRIPTION, `may be at most ${MAX_DESCRIPTION} characters long`)
  .regex(/^[\P{C}\n]*$/u, 'must not contain control characters')
  .meta({ override: { type: 'string', maxLength: MAX_DESCRIPTION } });

export const picture = z
  .string()
  .regex(/^[a-z0-9-]{1,64}$/, 'must be 1 to 64 characters from a-z, 0-9 and "-"')
  .meta({ description: "The name of one of the drawings of the shop's pages." });

export const categories = z
  .array(category)
  .max(MAX_CATEGORIES, `may have at most ${MAX_CATEGORIES} entries`)
  .transform((given) => [...new Set(given)])
  .meta({ override: { type: 'array', items: { type: 'string' }, maxItems: MAX_CATEGORIES } });
