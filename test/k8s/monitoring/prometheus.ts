import { type ChildProcess, type StdioOptions, spawn } from 'node:child_process';
import { once } from 'node:events';
import { openSync, readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { stringify } from 'yaml';
import { freePorts } from '../../../tools/support/free-ports';
import { program } from './programs';
import { manifests, ruleFiles } from './sources';

interface Relabeling {
  action: string;
  sourceLabels?: string[];
  targetLabel?: string;
  regex?: string;
  replacement?: string;
}

/** By PodMonitor and job: the addresses that stand in for the pods here. */
export type Targets = Record<string, Record<string, string[]>>;

export interface Series {
  metric: Record<string, string>;
  value?: [number, string];
  values?: [number, string][];
}

/** A process that a test starts. It keeps the output, to show it when the process fails. */
export class Running {
  private constructor(
    private readonly child: ChildProcess,
    private readonly logFile: string,
    private readonly folder: string,
  ) {}

  /** @param folder a folder of its own, which `stop` removes */
  static start(folder: string, command: string, args: string[], env = {}): Running {
    const logFile = join(folder, 'log');
    const log = openSync(logFile, 'a');
    const options = { stdio: ['ignore', log, log] as StdioOptions, env: { PATH: process.env.PATH, ...env } };
    return new Running(spawn(command, args, options), logFile, folder);
  }

  /** Waits until the page answers 200. */
  async waitUntilReady(url: string): Promise<void> {
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
 * Returns the scrape configuration that the operator makes from the PodMonitors, for fixed targets. Paths, parameters
 * and relabelings are those of the PodMonitors.
 */
function scrapeConfigs(targets: Targets): object[] {
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
          // There are no pod labels here, so relabelings that read them are left out.
          relabel_configs: relabel(endpoint.relabelings?.filter(({ sourceLabels }) => !sourceLabels)),
          metric_relabel_configs: relabel(endpoint.metricRelabelings),
        })),
    ),
  );
}

function relabel(relabelings: Relabeling[] = []): object[] {
  return relabelings.map(({ sourceLabels, targetLabel, ...rest }) => ({
    ...rest,
    ...(sourceLabels && { source_labels: sourceLabels }),
    ...(targetLabel && { target_label: targetLabel }),
  }));
}

/** A real Prometheus with the project's rules. It scrapes once a second. */
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
    await running.waitUntilReady(`${origin}/-/ready`);
    return new Prometheus(running, origin);
  }

  /** Calls Prometheus' HTTP API below /api/v1. Throws when it reports an error. */
  // biome-ignore lint/suspicious/noExplicitAny: each path returns something else.
  async api(path: string, parameters: Record<string, string> = {}): Promise<any> {
    const answer = await fetch(`${this.origin}/api/v1/${path}?${new URLSearchParams(parameters)}`);
    const body = (await answer.json()) as { status: string; data: unknown; error?: string };
    if (body.status !== 'success') {
      throw new Error(`${body.error}: ${JSON.stringify(parameters)}`);
    }
    return body.data;
  }

  /** Returns what a panel over the last minute shows. */
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
