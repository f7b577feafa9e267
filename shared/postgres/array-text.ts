/** JSON escapes quotes and backslashes as PostgreSQL does, but control characters in its own way. */
const OTHER_ESCAPES = /\\[^"\\]/;

/**
 * Returns an array of texts, whole numbers and nulls as PostgreSQL writes arrays; any other parameter as it is.
 * node-postgres would encode each element on its own, which takes 2 % of a checkout.
 */
export function asParameter(value: unknown): unknown {
  if (!Array.isArray(value) || !value.every(isPlain)) {
    return value;
  }
  const json = JSON.stringify(value);
  return OTHER_ESCAPES.test(json) ? value : `{${json.slice(1, -1)}}`;
}

function isPlain(element: unknown): boolean {
  return typeof element === 'string' || Number.isSafeInteger(element) || element === null;
}
