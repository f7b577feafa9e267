/** What a browser keeps between visits. Some browsers keep nothing, and then a visit is like the first one. */

export function readKept<T>(name: string): T | undefined {
  try {
    const text = localStorage.getItem(`chandlery.${name}`);
    return text === null ? undefined : (JSON.parse(text) as T);
  } catch {
    return undefined;
  }
}

export function keep(name: string, value: unknown): void {
  try {
    if (value === undefined) {
      localStorage.removeItem(`chandlery.${name}`);
    } else {
      localStorage.setItem(`chandlery.${name}`, JSON.stringify(value));
    }
  } catch {
    // It is as if nothing had been kept.
  }
}

/** Calls the listener when another tab has changed what is kept. */
export function whenKeptElsewhere(name: string, listener: () => void): void {
  addEventListener('storage', ({ key }) => {
    if (key === `chandlery.${name}`) {
      listener();
    }
  });
}
