import type { Report } from './audit';
import { type Finding, type Invariant, invariants, MAX_FINDINGS, MAX_OUTCOMES } from './finding';

const number = new Intl.NumberFormat('en');
const grouped = (digits: string | number) => number.format(BigInt(digits));

/** The report as text for a person. */
export function describeReport({ at, tookMs, mode, findings, figures, queues }: Report): string {
  const { money, stock, sagas, catalog, outbox } = figures;
  const count = (states: Record<string, number>) =>
    Object.entries(states)
      .map(([state, sagas]) => `${grouped(sagas)} ${state}`)
      .join(', ') || 'none';
  const notEmpty = queues.filter(({ messages }) => messages !== 0);
  return [
    `Audit of ${at}: ${mode === 'live' ? 'checkouts may be in flight' : 'nothing may be in flight'} (took ${tookMs} ms)`,
    '',
    `Money   ${grouped(money.funds_added)} added = ${grouped(money.credit)} credit of ${grouped(money.users)} users` +
      ` + ${grouped(money.captured)} captured + ${grouped(money.paid_directly)} paid directly`,
    `Stock   ${grouped(stock.added)} added - ${grouped(stock.subtracted)} subtracted = ${grouped(stock.available)} available` +
      ` + ${grouped(stock.held)} reserved + ${grouped(stock.sold)} sold, of ${grouped(stock.items)} items`,
    `Sagas   order    ${count(sagas.order)}`,
    `        stock    ${count(sagas.stock)}`,
    `        payment  ${count(sagas.payment)}`,
    `Catalog ${grouped(catalog.products)} products, ${grouped(catalog.votes)} votes; restocks: ${count(catalog.restocks)}`,
    `Outbox  ${outbox.order} rows unsent in order, ${outbox.stock} in stock, ${outbox.payment} in payment, ${outbox.catalog} in catalog`,
    queues.length === 0
      ? 'Queues  not checked'
      : `Queues  ${notEmpty.map(({ queue, messages }) => `${queue}: ${messages ?? 'missing'}`).join(', ') || 'all empty'}`,
    '',
    describeFindings(findings),
  ].join('\n');
}

export function describeFindings(findings: readonly Finding[]): string {
  if (findings.length === 0) {
    return 'No violations: every invariant that this audit can check holds.';
  }
  const names = (Object.keys(invariants) as Invariant[]).filter((name) => countOf(findings, name) > 0);
  const chapters = names.map((name) => {
    const lines = findings.filter((finding) => finding.invariant === name).map(describeFinding);
    const most = name === 'I3' || name === 'I5' ? MAX_OUTCOMES : MAX_FINDINGS;
    const more = lines.length >= most ? [`  (a check stops at ${most} findings, so there may be more)`] : [];
    return [`${name} is violated. The rule: ${invariants[name]}.`, ...lines, ...more].join('\n');
  });
  const total = findings.length === 1 ? '1 finding' : `${findings.length} findings`;
  return [...chapters, `${total}. What to do: docs/runbooks/InvariantViolated.md.`].join('\n\n');
}

export function countOf(findings: readonly Finding[], name: Invariant): number {
  return findings.filter((finding) => finding.invariant === name).length;
}

function describeFinding({ saga_id, order_id, user_id, item_id, detail }: Finding): string {
  const about = Object.entries({ saga: saga_id, order: order_id, user: user_id, item: item_id }).flatMap(
    ([name, id]) => (id === undefined ? [] : `${name} ${id}`),
  );
  return `  ${[about.join(', '), detail].filter(Boolean).join(': ')}`;
}
