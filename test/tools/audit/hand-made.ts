import { Client } from 'pg';
import { type ParticipantName, perParticipantAsync } from '../../../shared/services';
import type { Finding } from '../../../tools/audit/finding';
import { auditOf } from '../../support/audit';
import { TRACEPARENT } from '../../support/events';
import { createDatabases } from '../../support/servers';

/** One ended checkout: 2 of item-a and 1 of item-b for 20 credits. */
export interface Sale {
  saga: string;
  order: string;
  user: string;
}

/** A shop without services. Its rows are written by hand, correct at first, so that a test can make one of them wrong. */
export class HandMadeShop {
  private constructor(
    readonly addresses: Record<ParticipantName, string>,
    private readonly clients: Record<ParticipantName, Client>,
  ) {}

  static async open(): Promise<HandMadeShop> {
    const addresses = await createDatabases();
    const clients = await perParticipantAsync(async (service) => {
      const client = new Client(addresses[service]);
      await client.connect();
      return client;
    });
    return new HandMadeShop(addresses, clients);
  }

  async close(): Promise<void> {
    await Promise.all(Object.values(this.clients).map((client) => client.end()));
  }

  async run(service: ParticipantName, text: string, values: unknown[] = []): Promise<void> {
    await this.clients[service].query(text, values);
  }

  async findings(inFlightMs?: number): Promise<Finding[]> {
    return (await auditOf(this.addresses, inFlightMs)).findings;
  }

  async clear(): Promise<void> {
    await this.run('order', 'TRUNCATE orders, order_lines, sagas, outbox, deferred_events');
    await this.run(
      'payment',
      'TRUNCATE users, credit_ledger, charges, order_payments, outbox, deferred_events',
    );
    await this.run('stock', 'TRUNCATE items, stock_ledger, reservations, restocks, outbox, deferred_events');
    await this.run(
      'catalog',
      'TRUNCATE products, restocks, votes, vote_ledger, vote_counts, outbox, deferred_events',
    );
  }

  /** Adds 100 units of each of two items. */
  async stockUp(): Promise<void> {
    await this.run(
      'stock',
      `INSERT INTO items (id, price, available) VALUES ('item-a', 5, 100), ('item-b', 10, 100)`,
    );
    await this.run(
      'stock',
      `INSERT INTO stock_ledger (item_id, delta, kind)
       VALUES ('item-a', 101, 'init'), ('item-a', -1, 'subtract'), ('item-b', 100, 'add')`,
    );
  }

  /** Adds a user with 100 credits, who has paid 7 directly and 3 for an order outside any checkout. */
  async addUser(user: string): Promise<void> {
    await this.run('payment', 'INSERT INTO users (id, credit) VALUES ($1, 100)', [user]);
    await this.run(
      'payment',
      `INSERT INTO credit_ledger (user_id, delta, kind, order_id)
       VALUES ($1, 110, 'add_funds', NULL), ($1, -7, 'pay', NULL), ($1, -3, 'order_payment', 'outside')`,
      [user],
    );
    await this.run('payment', `INSERT INTO order_payments VALUES ($1, 'outside', 3, 'PAID')`, [user]);
  }

  async placeOrder({ saga, order, user }: Sale, state: string): Promise<void> {
    await this.run(
      'order',
      `INSERT INTO orders VALUES ($1, $2, $3, now() - interval '10 minutes')
       ON CONFLICT (id) DO UPDATE SET saga_id = EXCLUDED.saga_id`,
      [order, user, saga],
    );
    await this.run(
      'order',
      `INSERT INTO order_lines VALUES ($1, 'item-a', 2, 5), ($1, 'item-b', 1, 10) ON CONFLICT DO NOTHING`,
      [order],
    );
    await this.run(
      'order',
      `INSERT INTO sagas VALUES ($1, $2, $3, 20, $4::text, CASE $4::text WHEN 'FAILED' THEN 'cancelled' END, $5,
         now() - interval '2 minutes', now(), CASE WHEN $4::text <> 'PENDING' THEN now() - interval '1 minute' END)`,
      [saga, order, user, state, TRACEPARENT],
    );
  }

  async reserve({ saga, order, user }: Sale, state: string): Promise<void> {
    await this.run(
      'stock',
      `INSERT INTO reservations
         (saga_id, order_id, user_id, amount, item_ids, quantities, state, reason, traceparent, created_at, updated_at)
       VALUES ($1, $2, $3, 20, '{item-b,item-a}', '{1,2}', $4::text,
         CASE WHEN $4::text IN ('REJECTED', 'RELEASED') THEN 'cancelled' END, $5,
         now() - interval '2 minutes', now() - interval '1 minute')`,
      [saga, order, user, state, TRACEPARENT],
    );
    const sold = state === 'COMMITTED';
    const taken = sold || state === 'RESERVED';
    for (const [item, quantity] of [
      ['item-a', 2],
      ['item-b', 1],
    ]) {
      if (taken) {
        await this.run('stock', 'UPDATE items SET available = available - $2 WHERE id = $1', [
          item,
          quantity,
        ]);
      }
      if (sold) {
        await this.run(
          'stock',
          `INSERT INTO stock_ledger (item_id, delta, kind, saga_id) VALUES ($1, -$2::int, 'sale', $3)`,
          [item, quantity, saga],
        );
      }
    }
  }

  async decide({ saga, order, user }: Sale, state: string): Promise<void> {
    await this.run(
      'payment',
      `INSERT INTO charges VALUES ($1, $2, $3, 20, $4::text, CASE $4::text WHEN 'CAPTURED' THEN NULL ELSE 'cancelled' END,
         now() - interval '1 minute')`,
      [saga, order, user, state],
    );
    if (state !== 'CAPTURED') {
      return;
    }
    await this.run('payment', 'UPDATE users SET credit = credit - 20 WHERE id = $1', [user]);
    await this.run(
      'payment',
      `INSERT INTO credit_ledger (user_id, delta, kind, saga_id, order_id) VALUES ($1, -20, 'capture', $2, $3)`,
      [user, saga, order],
    );
  }

  /** Adds a checkout that succeeded. */
  async sell(sale: Sale): Promise<void> {
    await this.placeOrder(sale, 'PAID');
    await this.reserve(sale, 'COMMITTED');
    await this.decide(sale, 'CAPTURED');
  }
}
