import type { Dataset } from './dataset';
import type { Load } from './load/load';
import type { LoadRun } from './load-run';
import type { Spread } from './measure/spread';
import type { Environment } from './rig/environment';
import type { BenchSettings } from './settings';

/** Something that was measured, over one round or several. */
export interface Figure {
  /** What goals are named by. */
  id: string;
  name: string;
  unit: string;
  spread: Spread;
  /** Set when it was not measured well enough to be held against its goal. */
  unjudged?: true;
}

export interface Outcome {
  figures: Figure[];
  loadRuns: LoadRun[];
  /** Whatever else somebody may want to look at. */
  details?: Record<string, unknown>;
}

/** What the shop gets through, and with how many connections. */
export interface Saturation {
  connections: number;
  perSecond: number;
}

export interface ScenarioContext {
  readonly options: BenchSettings;
  readonly load: Load;
  /** Our own PostgreSQL and RabbitMQ; undefined when the shop is somebody else's. */
  readonly environment: Environment | undefined;
  /** What earlier scenarios have found out, for those that build on it. */
  readonly known: { saturation?: Saturation };
  say(text: string): void;
  /** Opens a shop with a dataset, fills it and warms it up, unless told not to. @param orders of which there are --size */
  openDataset(options?: { orders?: number; fill?: boolean }): Promise<Dataset>;
}

export interface Scenario {
  readonly name: string;
  /** For people who choose with --only. */
  readonly description: string;
  /** Whether it can be had from a shop of which only the public API is known. */
  readonly onTarget: boolean;
  /** Audits the books before it answers, and throws when they do not balance. */
  run(context: ScenarioContext): Promise<Outcome>;
}
