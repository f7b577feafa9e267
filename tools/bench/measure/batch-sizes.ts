interface Totals {
  [step: string]: { events: number; batches: number };
}

/** Returns how many events each step has handled, in how many transactions, from the metrics of all replicas. */
export async function readBatches(internalUrls: readonly URL[]): Promise<Totals> {
  const totals: Totals = {};
  for (const url of internalUrls) {
    const text = await (await fetch(new URL('/metrics', url))).text();
    const samples = text.matchAll(/^saga_step_batch_size_(sum|count)\{step="([^"]+)"\} (\S+)$/gm);
    for (const [, kind, step = '', value] of samples) {
      totals[step] ??= { events: 0, batches: 0 };
      totals[step][kind === 'sum' ? 'events' : 'batches'] += Number(value);
    }
  }
  return totals;
}

/** Returns the mean batch size of each step between two readings. */
export function meanBatches(after: Totals, before: Totals): Record<string, number> {
  return Object.fromEntries(
    Object.entries(after).flatMap(([step, { events, batches }]) => {
      const handled = batches - (before[step]?.batches ?? 0);
      return handled > 0 ? [[step, (events - (before[step]?.events ?? 0)) / handled]] : [];
    }),
  );
}
