import { type ChildProcess, type StdioOptions, spawn } from 'node:child_process';
import { once } from 'node:events';
import { openSync, readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { stringify } from 'yaml';
import { freePorts } from '../../../tools/support/ports';
import { program } from './programs';
import { manifests, ruleFiles } from './sources';

interface Relabeling {
  action: string;
  sourceLabels?: string[];
  targetLabel?: string;
  regex?: string;
  replacement?: string;
}

/** Where the pods of a PodMonitor would be: what they listen on here, by the job that they have there. */
export type Targets = Record<string, Record<string, string[]>>;

export interface Series {
  metric: Record<string, string>;
  value?: [number, string];
  values?: [number, string][];
}

/** A process of a test, whose output is kept for when it fails. */
export class Running {
  private constructor(
    private readonly child: ChildProcess,
    private readonly logFile: string,
    private readonly folder: string,
  ) {}

  /** @param folder its own, removed when it is stopped */
  static start(folder: string, command: string, args: string[], env = {}): Running {
    const logFile = join(folder, 'log');
    const log = openSync(logFile, 'a');
    const options = { stdio: ['ignore', log, log] as StdioOptions, env: { PATH: process.env.PATH, ...env } };
    return new Running(spawn(command, args, options), logFile, folder);
  }

  /** Resolves when the page is answered 200. */
  async answers(url: string): Promise<void> {
    for (const end = Date.now() + 60_000; ; await sleep(50)) {
      const answer = await fetch(url).catch(() => undefined);
      if (answer?.ok) {
        return;
      }
      if (this.child.exitCode === null && Date.now() < end) {
        continue;
      }
      throw new Error(`${url} did not answer:\n${readFileSync(this.logFile, 'utf8')}`);
    }
  }

  async stop(): Promise<void> {
    if (this.child.exitCode === null && this.child.signalCode === null) {
      const exited = once(this.child, 'exit');
      this.child.kill('SIGTERM');
      await exited;
    }
    await rm(this.folder, { recursive: true, force: true });
  }
}

/**
 * What the operator makes of the PodMonitors, for targets that are known: paths, parameters and relabelings are theirs.
 * @param targets by PodMonitor
 */
export function scrapeConfigs(targets: Targets): object[] {
  return manifests('pod-monitors.yaml').flatMap(({ metadata, spec }) =>
    spec.podMetricsEndpoints.flatMap(
      (endpoint: {
        path: string;
        params?: Record<string, string[]>;
        relabelings?: Relabeling[];
        metricRelabelings?: Relabeling[];
      }) =>
        Object.entries(targets[metadata.name] ?? {}).map(([job, addresses]) => ({
          job_name: `${metadata.name} ${job} ${endpoint.path}`,
          metrics_path: endpoint.path,
          params: endpoint.params,
          static_configs: [{ targets: addresses, labels: { job } }],
          // Those that read a pod's labels have nothing to read here.
          relabel_configs: relabel(endpoint.relabelings?.filter(({ sourceLabels }) => !sourceLabels)),
          metric_relabel_configs: relabel(endpoint.metricRelabelings),
        })),
    ),
  );
}

function relabel(relabelings: Relabeling[] = []): object[] {
  return relabelings.map(({ sourceLabels, targetLabel, ...same }) => ({
    ...same,
    ...(sourceLabels && { source_labels: sourceLabels }),
    ...(targetLabel && { target_label: targetLabel }),
  }));
}

/** A real Prometheus with the project's rules, which looks once a second. */
export class Prometheus {
  private constructor(
    private readonly running: Running,
    private readonly origin: string,
  ) {}

  static async start(targets: Targets): Promise<Prometheus> {
    const home = await mkdtemp(join(tmpdir(), 'chandlery-prometheus-'));
    const [port] = await freePorts(1);
    const config = {
      global: { scrape_interval: '1s', scrape_timeout: '1s', evaluation_interval: '1s' },
      rule_files: ruleFiles,
      scrape_configs: scrapeConfigs(targets),
    };
    await writeFile(join(home, 'prometheus.yml'), stringify(config));
    const running = Running.start(home, await program('prometheus'), [
      `--config.file=${join(home, 'prometheus.yml')}`,
      `--storage.tsdb.path=${join(home, 'data')}`,
      `--web.listen-address=127.0.0.1:${port}`,
    ]);
    const origin = `http://127.0.0.1:${port}`;
    await running.answers(`${origin}/-/ready`);
    return new Prometheus(running, origin);
  }

  /** Asks Prometheus' own API, below /api/v1. */
  // biome-ignore lint/suspicious/noExplicitAny: each path answers something else.
  async api(path: string, parameters: Record<string, string> = {}): Promise<any> {
    const answer = await fetch(`${this.origin}/api/v1/${path}?${new URLSearchParams(parameters)}`);
    const body = (await answer.json()) as { status: string; data: unknown; error?: string };
    if (body.status !== 'success') {
      throw new Error(`${body.error}: ${JSON.stringify(parameters)}`);
    }
    return body.data;
  }

  /** What a panel that shows the last minute gets. */
  async range(query: string): Promise<Series[]> {
    const now = Date.now() / 1000;
    const { result } = await this.api('query_range', {
      query,
      start: String(now - 60),
      end: String(now),
      step: '1',
    });
    return result;
  }

  async instant(query: string): Promise<Series[]> {
    return (await this.api('query', { query })).result;
  }

  stop(): Promise<void> {
    return this.running.stop();
  }
}
