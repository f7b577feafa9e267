import { readFileSync } from 'node:fs';
import { root } from '../../../shared/root';

/** The parts of V8's CPU profile that are read here. */
interface CpuProfile {
  nodes: {
    id: number;
    callFrame: { functionName: string; url: string; lineNumber: number };
  }[];
  /** A node for each sample, and the microseconds since the sample before. */
  samples: number[];
  timeDeltas: number[];
}

export interface HotSpot {
  where: string;
  /** Of the time that the process was at work. */
  share: number;
  ms: number;
}

/**
 * Where a process spent its time: functions by the time they took themselves, the most expensive first.
 * @param window since the process was started
 */
export function hotSpots(file: string, window: { fromMs: number; toMs: number }, most = 25): HotSpot[] {
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
  const atWork = [...totals.values()].reduce((sum, us) => sum + us, 0);
  return [...totals]
    .sort(([, one], [, other]) => other - one)
    .slice(0, most)
    .map(([where, us]) => ({ where, share: us / atWork, ms: us / 1_000 }));
}

function nameOf({ functionName, url, lineNumber }: CpuProfile['nodes'][number]['callFrame']): string {
  const file = url.replace('file://', '').replace(`${root}/`, '').replace('dist/', '');
  return `${functionName || '(anonymous)'}${file ? ` ${file}:${lineNumber + 1}` : ''}`;
}
