import { queues } from '../../shared/contract/events';
import { reasonOf } from '../../shared/errors';
import type { Database } from '../../shared/postgres/database';
import type { Tx } from '../../shared/postgres/tx';
import { countMessages, type QueueLength } from '../../shared/rabbit/queues';
import type { ParticipantName } from '../../shared/services';
import type { ShopConnections } from './connections';
import type { DeadLetter } from './dead-letter';
import { listDeadLetters } from './dead-letters';
import { type Action, actionsOnSaga } from './operator-actions';
import * as sql from './saga-statements';

/** Everything that the three services and the broker know about one saga, each as it was when it was read. */
export interface SagaView {
  readonly saga_id: string;
  readonly at: Date;
  readonly order: sql.OrderRow | undefined;
  readonly stock: sql.StockRow | undefined;
  readonly payment: sql.PaymentRow | undefined;
  /** Filled while stock has it WAITING. */
  readonly wanted: readonly sql.WantedItem[];
  readonly ledger: readonly (sql.LedgerRow & { service: ParticipantName })[];
  /** Messages that mention it and that the broker has not confirmed yet. */
  readonly unsent: readonly (sql.UnsentRow & { service: ParticipantName })[];
  /** Its events that wait for a row which another session has locked. */
  readonly deferred: readonly (sql.DeferredRow & { service: ParticipantName })[];
  readonly queues: readonly QueueLength[];
  readonly letters: readonly DeadLetter[];
  readonly actions: readonly (Action & { service: ParticipantName })[];
  /**
   * What could not be read, and why. Its part of the view is missing, which does not mean that the service does not
   * know the saga.
   */
  readonly unreadable: Partial<Record<ParticipantName | 'broker', string>>;
}

/** What one service knows about the saga. */
interface Part<Row> {
  row: Row | undefined;
  wanted?: sql.WantedItem[];
  ledger?: sql.LedgerRow[];
}

/** At most this many dead letters are shown. */
const MAX_DEAD_LETTERS = 100;

export async function viewSaga(shop: ShopConnections, sagaId: string): Promise<SagaView> {
  const unreadable: SagaView['unreadable'] = {};
  const attempt = <T>(source: ParticipantName | 'broker', reading: Promise<T>): Promise<T | undefined> =>
    reading.catch((error: Error) => {
      unreadable[source] = reasonOf(error.cause ?? error);
      return undefined;
    });
  const readFrom = <Row>(service: ParticipantName, read: (tx: Tx, sagaId: string) => Promise<Part<Row>>) =>
    attempt(service, readService(service, shop.databases[service], sagaId, read));

  const [order, stock, payment, broker] = await Promise.all([
    readFrom('order', readOrder),
    readFrom('stock', readStock),
    readFrom('payment', readPayment),
    attempt('broker', readBroker(shop, sagaId)),
  ]);
  const parts = [order, stock, payment];
  return {
    saga_id: sagaId,
    at: new Date(),
    order: order?.row,
    stock: stock?.row,
    payment: payment?.row,
    wanted: stock?.wanted ?? [],
    ledger: parts.flatMap((part) => part?.ledger ?? []),
    unsent: parts.flatMap((part) => part?.unsent ?? []),
    deferred: parts.flatMap((part) => part?.deferred ?? []),
    actions: parts.flatMap((part) => part?.actions ?? []),
    queues: broker?.queues ?? [],
    letters: broker?.letters ?? [],
    unreadable,
  };
}

function readService<Row>(
  service: ParticipantName,
  database: Database,
  sagaId: string,
  read: (tx: Tx, sagaId: string) => Promise<Part<Row>>,
) {
  const withService = <T>(rows: readonly T[]) => rows.map((row) => ({ ...row, service }));
  return database.transaction(async (tx) => {
    const part = await read(tx, sagaId);
    const [unsent, deferred, actions] = await Promise.all([
      tx.run(sql.readUnsent, [sagaId]),
      tx.run(sql.readDeferred, [sagaId]),
      actionsOnSaga(tx, sagaId),
    ]);
    return {
      ...part,
      ledger: withService(part.ledger ?? []),
      unsent: withService(unsent),
      deferred: withService(deferred),
      actions: withService(actions),
    };
  });
}

async function readOrder(tx: Tx, sagaId: string): Promise<Part<sql.OrderRow>> {
  const [row] = await tx.run(sql.readOrder, [sagaId]);
  return { row };
}

async function readStock(tx: Tx, sagaId: string): Promise<Part<sql.StockRow>> {
  const [row] = await tx.run(sql.readReservation, [sagaId]);
  if (row?.state === 'COMMITTED') {
    return { row, ledger: await tx.run(sql.readStockLedger, [sagaId]) };
  }
  if (row?.state !== 'WAITING') {
    return { row };
  }
  const { item_ids, quantities, arrival } = row;
  return { row, wanted: await tx.run(sql.readWantedItems, [item_ids, quantities, arrival]) };
}

async function readPayment(tx: Tx, sagaId: string): Promise<Part<sql.PaymentRow>> {
  const [row] = await tx.run(sql.readCharge, [sagaId]);
  return row?.state === 'CAPTURED' ? { row, ledger: await tx.run(sql.readCreditLedger, [sagaId]) } : { row };
}

async function readBroker(
  shop: ShopConnections,
  sagaId: string,
): Promise<Pick<SagaView, 'queues' | 'letters'>> {
  const { letters } = await listDeadLetters(shop, { queues, sagaId, limit: MAX_DEAD_LETTERS });
  return { letters, queues: await countMessages(shop.amqpUrl, queues) };
}
