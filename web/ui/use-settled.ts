import { useEffect, useState } from 'react';

/** Longer than a pause between two keys. */
const SETTLED_MS = 250;

/** Returns a value as it was when it had not changed for a moment: what somebody types is asked about once. */
export function useSettled<T>(value: T): T {
  const [settled, setSettled] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), SETTLED_MS);
    return () => clearTimeout(timer);
  }, [value]);
  return settled;
}
