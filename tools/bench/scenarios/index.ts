import type { Scenario } from '../scenario';
import { batchInit } from './batch-init';
import { browsing } from './browsing';
import { cost } from './cost';
import { curve } from './curve';
import { flood } from './flood';
import { guesses } from './guesses';
import { history } from './history';
import { hotItem } from './hot-item';
import { latency } from './latency';
import { lockedRows } from './locked-rows';
import { memory } from './memory';
import { openLoop } from './open-loop';
import { rejected } from './rejected';
import { replicas } from './replicas';
import { saturation } from './saturation';
import { tokens } from './tokens';

/** In the order of measurement: later scenarios use the result of `saturation`. */
export const scenarios: readonly Scenario[] = [
  saturation,
  curve,
  latency,
  openLoop,
  hotItem,
  rejected,
  history,
  replicas,
  batchInit,
  browsing,
  cost,
  tokens,
  lockedRows,
  flood,
  guesses,
  memory,
];
