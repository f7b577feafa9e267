import type { Dataset } from './dataset';
import type { Load } from './load/load';
import type { LoadRun } from './load-run';
import type { Spread } from './measure/spread';
import type { Environment } from './rig/environment';
import type { BenchSettings } from './settings';

/** Something that was measured, over one round or several. */
export interface Figure {
  /** Goals refer to it. */
  id: string;
  name: string;
  unit: string;
  spread: Spread;
  /** Set when the measurement was too short to compare it with its goal. */
  unjudged?: true;
}

export interface Outcome {
  figures: Figure[];
  loadRuns: LoadRun[];
  /** Further results, for the report only. */
  details?: Record<string, unknown>;
}

/** The highest throughput of the shop, and with how many connections. */
export interface Saturation {
  connections: number;
  perSecond: number;
}

export interface ScenarioContext {
  readonly options: BenchSettings;
  readonly load: Load;
  /** Our own PostgreSQL and RabbitMQ; undefined with --target. */
  readonly environment: Environment | undefined;
  /** Results of earlier scenarios, for those that build on them. */
  readonly known: { saturation?: Saturation };
  /** Prints a line of progress. */
  say(text: string): void;
  /**
   * Opens a shop with a dataset.
   * @param options.orders default: --size
   * @param options.buyers to how many users the orders belong; default: --size
   * @param options.fill false leaves the dataset empty and the shop cold
   */
  openDataset(options?: { orders?: number; buyers?: number; fill?: boolean }): Promise<Dataset>;
}

export interface Scenario {
  readonly name: string;
  /** Shown in the usage text, where people choose scenarios for --only. */
  readonly description: string;
  /** Whether the public API is enough to measure it. */
  readonly onTarget: boolean;
  /** Audits the books before it resolves. @throws Error when they do not balance */
  run(context: ScenarioContext): Promise<Outcome>;
}
