import { asArrayText } from './statement';

/** JSON escapes quotes and backslashes as PostgreSQL does, but control characters and half surrogates in its own way. */
const OTHER_ESCAPES = /\\[^"\\]/;

/**
 * Returns an array of texts, whole numbers and nulls as PostgreSQL writes arrays; any other parameter as it is.
 * node-postgres would encode each element on its own, which takes up to ten times as long (docs/performance.md).
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
