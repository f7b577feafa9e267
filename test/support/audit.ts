import type { ParticipantName } from '../../shared/services';
import { audit, type Report } from '../../tools/audit/audit';
import { describeFindings } from '../../tools/audit/report';
import { openDatabases } from '../../tools/support/databases';
import { silent } from './silent';

/** Addresses of a shop. Without `amqp` its queues are not audited. */
export type Audited = Readonly<Record<ParticipantName, string>> & { readonly amqp?: string };

/**
 * Returns the auditor's report on a shop.
 * @param inFlightMs set while checkouts are in flight
 * @param lost sagas that a restored database has forgotten
 */
export async function auditOf(
  shop: Audited,
  inFlightMs?: number,
  lost?: ReadonlySet<string>,
): Promise<Report> {
  const books = openDatabases('test', shop, silent);
  try {
    return await audit(books, { amqpUrl: shop.amqp, inFlightMs, lost });
  } finally {
    await books.close();
  }
}

/** Throws a readable list of the findings in a shop where nothing should be in flight. */
export async function auditNow(shop: Audited): Promise<void> {
  const { findings } = await auditOf(shop);
  if (findings.length > 0) {
    throw new Error(describeFindings(findings));
  }
}
