import { spawnSync } from 'node:child_process';

/** Bytes by link, as "order to postgres". */
export type Wire = Record<string, number>;

/**
 * Returns the bytes that have gone over the open connections of some processes, as the kernel counts them. Empty on a
 * machine without `ss` (in Debian's iproute2), because nothing else reports these counts.
 * @param processes pids, by the client's name in the result
 * @param servers names in the result, by the port that they listen on
 */
export function readWire(
  processes: Record<string, readonly number[]>,
  servers: Record<number, string>,
): Wire {
  const names = new Map(
    Object.entries(processes).flatMap(([name, pids]) => pids.map((pid) => [pid, name] as const)),
  );
  const { stdout } = spawnSync('ss', ['-tinpOH'], { encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 });
  const wire: Wire = {};
  for (const line of (stdout ?? '').split('\n')) {
    const server = servers[Number(/^\S+\s+\d+\s+\d+\s+\S+\s+\S+:(\d+)/.exec(line)?.[1])];
    const client = names.get(Number(/pid=(\d+)/.exec(line)?.[1]));
    if (server === undefined || client === undefined) {
      continue;
    }
    const count = (name: string) => Number(new RegExp(` ${name}:(\\d+)`).exec(line)?.[1] ?? 0);
    const [to, from] = [`${client} to ${server}`, `${server} to ${client}`];
    wire[to] = (wire[to] ?? 0) + count('bytes_sent');
    wire[from] = (wire[from] ?? 0) + count('bytes_received');
  }
  return wire;
}
