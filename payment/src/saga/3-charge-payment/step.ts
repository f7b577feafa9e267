import type { Step } from '../../../../shared/inbox/step';
import { decideCharges } from './decide';
import { lockUsers, readCharges, recordCharges, takeCredit } from './statements';

/** Step 3: takes the credit, or says no. The row it writes is the decision. */
export const chargePayment: Step = {
  queue: 'payment.charge',
  async run(tx, events) {
    const buyers = events.flatMap((event) => (event.type === 'stock.reserved' ? event.data.user_id : []));
    const sagaIds = events.map((event) => event.data.saga_id);
    const [users, charges] = await Promise.all([tx.run(lockUsers, [buyers]), tx.run(readCharges, [sagaIds])]);
    const { decided, emit, duplicates } = decideCharges({ users, charges }, events);

    const captured = decided.filter((charge) => charge.state === 'CAPTURED');
    await Promise.all([
      decided.length > 0 &&
        tx.run(recordCharges, [
          decided.map((c) => c.saga_id),
          decided.map((c) => c.order_id),
          decided.map((c) => c.user_id),
          decided.map((c) => c.amount),
          decided.map((c) => c.state),
          decided.map((c) => c.reason),
        ]),
      captured.length > 0 &&
        tx.run(takeCredit, [
          captured.map((c) => c.saga_id),
          captured.map((c) => c.order_id),
          captured.map((c) => c.user_id),
          captured.map((c) => c.amount),
        ]),
    ]);
    return { emit, duplicates };
  },
};
