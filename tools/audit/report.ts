import type { Report } from './audit';
import { type Finding, type Invariant, invariants, MAX_FINDINGS } from './finding';

const number = new Intl.NumberFormat('en');
const grouped = (digits: string | number) => number.format(BigInt(digits));

/** The report as text for a person. */
export function describeReport({ at, tookMs, mode, findings, figures, queues }: Report): string {
  const { money, stock, sagas, outbox } = figures;
  const count = (states: Record<string, number>) =>
    Object.entries(states)
      .map(([state, sagas]) => `${grouped(sagas)} ${state}`)
      .join(', ') || 'none';
  const waiting = queues.filter(({ messages }) => messages !== 0);
  return [
    `Audit of ${at}, ${mode === 'live' ? 'with checkouts in flight' : 'nothing in flight'} (took ${tookMs} ms)`,
    '',
    `Money   ${grouped(money.funds_added)} added = ${grouped(money.credit)} credit of ${grouped(money.users)} users` +
      ` + ${grouped(money.captured)} captured + ${grouped(money.paid_directly)} paid directly`,
    `Stock   ${grouped(stock.added)} added - ${grouped(stock.subtracted)} subtracted = ${grouped(stock.available)} available` +
      ` + ${grouped(stock.held)} held + ${grouped(stock.sold)} sold, of ${grouped(stock.items)} items`,
    `Sagas   order    ${count(sagas.order)}`,
    `        stock    ${count(sagas.stock)}`,
    `        payment  ${count(sagas.payment)}`,
    `Unsent  ${outbox.order} rows in order, ${outbox.stock} in stock, ${outbox.payment} in payment`,
    queues.length === 0
      ? 'Queues  not looked at'
      : `Queues  ${waiting.map(({ queue, messages }) => `${queue}: ${messages ?? 'missing'}`).join(', ') || 'all empty'}`,
    '',
    describeFindings(findings),
  ].join('\n');
}

export function describeFindings(findings: readonly Finding[]): string {
  if (findings.length === 0) {
    return 'No violation: every invariant that can be checked this way holds.';
  }
  const names = (Object.keys(invariants) as Invariant[]).filter((name) => countOf(findings, name) > 0);
  const chapters = names.map((name) => {
    const lines = findings.filter((finding) => finding.invariant === name).map(describeFinding);
    const more =
      lines.length >= MAX_FINDINGS ? [`  (a check stops at ${MAX_FINDINGS}; there may be more)`] : [];
    return [`${name} is violated: ${invariants[name]}.`, ...lines, ...more].join('\n');
  });
  return [...chapters, `${findings.length} findings.`].join('\n\n');
}

export function countOf(findings: readonly Finding[], name: Invariant): number {
  return findings.filter((finding) => finding.invariant === name).length;
}

function describeFinding({ saga_id, order_id, user_id, item_id, detail }: Finding): string {
  const about = Object.entries({ saga: saga_id, order: order_id, user: user_id, item: item_id }).flatMap(
    ([what, id]) => (id === undefined ? [] : `${what} ${id}`),
  );
  return `  ${[about.join(', '), detail].filter(Boolean).join(': ')}`;
}
