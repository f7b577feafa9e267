/** JSON escapes quotes and backslashes as PostgreSQL does, but control characters and half surrogates in its own way. */
const OTHER_ESCAPES = /\\[^"\\]/;

/**
 * Returns an array of texts, whole numbers and nulls as PostgreSQL writes arrays; any other parameter as it is.
 * node-postgres would encode each element on its own, which takes 2 % of a checkout.
 */
export function asParameter(value: unknown): unknown {
  if (!Array.isArray(value) || !value.every(isPlain)) {
    return value;
  }
  const text = asArrayText(value);
  return OTHER_ESCAPES.test(text) ? value : text;
}

function isPlain(element: unknown): element is string | number | null {
  return typeof element === 'string' || Number.isSafeInteger(element) || element === null;
}

/**
 * Returns an array as PostgreSQL writes it, for use as an element of another array. JSON writes it in the same way but
 * for the brackets, unless it has control characters, which no id has.
 */
export function asArrayText(values: readonly (string | number | null)[]): string {
  return `{${JSON.stringify(values).slice(1, -1)}}`;
}
