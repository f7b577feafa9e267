import type { Figure } from './scenario';

export interface Goal {
  figure: string;
  atLeast?: number;
  atMost?: number;
}

/** What the shop is to be, by the id of the figure. */
export const goals: readonly Goal[] = [
  { figure: 'saturation_over_bound', atLeast: 4 },
  { figure: 'p50_alone', atMost: 8 },
  { figure: 'p99_half', atMost: 50 },
  { figure: 'p99_saturated', atMost: 250 },
  { figure: 'hot_over_uniform', atLeast: 0.7 },
  { figure: 'out_of_stock_over_paid', atLeast: 1 },
  { figure: 'no_credit_over_paid', atLeast: 0.6 },
  { figure: 'cost_with_history', atMost: 1.2 },
  { figure: 'three_replicas_over_one', atLeast: 0.85 },
  { figure: 'memory', atMost: 200 },
  { figure: 'memory_growth', atMost: 1 },
  { figure: 'batch_init', atMost: 5 },
];

export interface Judged extends Figure {
  goal?: Omit<Goal, 'figure'>;
  /** The median against the goal, such that 1 or more meets it. */
  ratio?: number;
  met?: boolean;
}

/** Every figure, beside its goal if it has one. The median is what is judged. */
export function judge(figures: readonly Figure[]): Judged[] {
  return figures.map((figure) => {
    const found = goals.find((goal) => goal.figure === figure.id);
    if (!found) {
      return figure;
    }
    const { figure: _, ...goal } = found;
    if (figure.unjudged) {
      return { ...figure, goal };
    }
    const { median } = figure.spread;
    // What does not grow at all, or shrinks, is infinitely better than what may grow a little.
    const ratio =
      goal.atLeast !== undefined
        ? median / goal.atLeast
        : (goal.atMost as number) / Math.max(median, Number.EPSILON);
    return { ...figure, goal, ratio, met: ratio >= 1 };
  });
}
