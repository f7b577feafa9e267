/** What is done to the shop to make an alert fire. */

/** An alert that must fire: its name, its severity, and the labels by which it is told from others of its name. */
export interface Expected {
  readonly alert: string;
  readonly severity: 'critical' | 'warning';
  readonly labels?: Readonly<Record<string, string>>;
  /** It looks back so far that it fires only after the cause was taken back. */
  readonly later?: true;
}

/** Notes a step that is taken when the cause is taken back; the last one first. */
export type Undo = (step: () => Promise<unknown>) => void;

export interface Cause {
  readonly title: string;
  /** All fire while the cause lasts, but for those that fire later, and none fires before it. */
  readonly alerts: readonly Expected[];
  bring(undo: Undo): Promise<unknown>;
}

const of =
  (severity: Expected['severity']) =>
  (alert: string, labels: Record<string, string> = {}): Expected => ({ alert, severity, labels });
export const critical = of('critical');
export const warning = of('warning');
export const later = (expected: Expected): Expected => ({ ...expected, later: true });

export function describe({ alert, severity, labels = {} }: Expected): string {
  const values = Object.values(labels);
  return `${alert} (${[severity, ...values].join(', ')})`;
}

/** Whether an alert with these labels is one that is expected. */
export function isExpected(labels: Readonly<Record<string, string>>, expected: Expected): boolean {
  const wanted = { ...expected.labels, alertname: expected.alert, severity: expected.severity };
  return Object.entries(wanted).every(([name, value]) => labels[name] === value);
}
