import type { Figure } from './scenario';

export interface Goal {
  figure: string;
  atLeast?: number;
  atMost?: number;
}

/** The goals, by the id of the figure. */
export const goals: readonly Goal[] = [
  { figure: 'saturation_over_bound', atLeast: 4 },
  { figure: 'p50_alone', atMost: 8 },
  { figure: 'p99_half', atMost: 50 },
  { figure: 'p99_saturated', atMost: 250 },
  { figure: 'hot_over_uniform', atLeast: 0.7 },
  { figure: 'out_of_stock_over_paid', atLeast: 1 },
  { figure: 'no_credit_over_paid', atLeast: 0.6 },
  { figure: 'cost_with_history', atMost: 1.2 },
  { figure: 'cost_with_tokens', atMost: 1.02 },
  { figure: 'three_replicas_over_one', atLeast: 0.85 },
  { figure: 'memory', atMost: 200 },
  { figure: 'memory_growth', atMost: 1 },
  { figure: 'batch_init', atMost: 5 },
  { figure: 'p99_beside_a_lock', atMost: 3 },
  { figure: 'ended_after_release', atMost: 10 },
  { figure: 'ended_after_table', atMost: 10 },
  { figure: 'throughput_beside_guesses', atLeast: 0.9 },
  { figure: 'page_behind', atMost: 2_000 },
  { figure: 'p99_in_flood', atMost: 1_000 },
  { figure: 'memory_in_flood', atMost: 512 },
];

export interface Judged extends Figure {
  goal?: Omit<Goal, 'figure'>;
  /** The median compared with the goal: 1 or more meets it. */
  ratio?: number;
  met?: boolean;
}

/** Returns every figure, with its goal if it has one. The median is judged. */
export function judge(figures: readonly Figure[]): Judged[] {
  return figures.map((figure) => {
    const entry = goals.find((goal) => goal.figure === figure.id);
    if (!entry) {
      return figure;
    }
    const { figure: _, ...goal } = entry;
    if (figure.unjudged) {
      return { ...figure, goal };
    }
    const { median } = figure.spread;
    // A figure that does not grow or even shrinks gets a huge ratio, to avoid a division by zero.
    const ratio =
      goal.atLeast !== undefined
        ? median / goal.atLeast
        : (goal.atMost as number) / Math.max(median, Number.EPSILON);
    return { ...figure, goal, ratio, met: ratio >= 1 };
  });
}
