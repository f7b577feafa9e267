import { readFileSync } from 'node:fs';
import { root } from '../../../shared/root';

/** The parts of V8's CPU profile that are used here. */
interface CpuProfile {
  nodes: {
    id: number;
    callFrame: { functionName: string; url: string; lineNumber: number };
  }[];
  /** The node of each sample, and the microseconds since the previous sample. */
  samples: number[];
  timeDeltas: number[];
}

export interface HotSpot {
  where: string;
  /** Share of the time in which the process was busy. */
  share: number;
  ms: number;
}

/**
 * Returns where a process spent its time: functions by their own time, the most expensive first.
 * @param window since the start of the process
 */
export function hotSpots(file: string, window: { fromMs: number; toMs: number }, limit = 25): HotSpot[] {
  const { nodes, samples, timeDeltas } = JSON.parse(readFileSync(file, 'utf8')) as CpuProfile;
  const names = new Map(nodes.map(({ id, callFrame }) => [id, nameOf(callFrame)]));
  const totals = new Map<string, number>();
  let at = 0;
  for (const [i, id] of samples.entries()) {
    at += timeDeltas[i] ?? 0;
    if (at < window.fromMs * 1_000 || at > window.toMs * 1_000) {
      continue;
    }
    const name = names.get(id) as string;
    totals.set(name, (totals.get(name) ?? 0) + Math.max(0, timeDeltas[i] ?? 0));
  }
  totals.delete('(idle)');
  const busy = [...totals.values()].reduce((sum, us) => sum + us, 0);
  return [...totals]
    .sort(([, a], [, b]) => b - a)
    .slice(0, limit)
    .map(([where, us]) => ({ where, share: us / busy, ms: us / 1_000 }));
}

function nameOf({ functionName, url, lineNumber }: CpuProfile['nodes'][number]['callFrame']): string {
  const file = url.replace('file://', '').replace(`${root}/`, '').replace('dist/', '');
  return `${functionName || '(anonymous)'}${file ? ` ${file}:${lineNumber + 1}` : ''}`;
}
