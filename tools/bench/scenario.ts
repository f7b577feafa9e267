import type { Market, Rush } from './dataset';
import type { Load } from './load/load';
import type { Spread } from './measure/spread';
import type { BenchOptions } from './options';
import type { Site } from './rig/site';

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
  rushes: Rush[];
  /** Whatever else somebody may want to look at. */
  details?: Record<string, unknown>;
}

/** What the shop gets through, and with how many connections. */
export interface Saturation {
  connections: number;
  perSecond: number;
}

export interface Stage {
  readonly options: BenchOptions;
  readonly load: Load;
  /** Our own PostgreSQL and RabbitMQ; undefined when the shop is somebody else's. */
  readonly site: Site | undefined;
  /** What earlier scenarios have found out, for those that build on it. */
  readonly known: { saturation?: Saturation };
  say(text: string): void;
  /** Opens a shop with a market, fills it and warms it up, unless told not to. @param orders of which there are --size */
  openMarket(options?: { orders?: number; fill?: boolean }): Promise<Market>;
}

export interface Scenario {
  readonly name: string;
  /** For people who choose with --only. */
  readonly description: string;
  /** Whether it can be had from a shop of which only the public API is known. */
  readonly onTarget: boolean;
  /** Audits the books before it answers, and throws when they do not balance. */
  run(stage: Stage): Promise<Outcome>;
}
