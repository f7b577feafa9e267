import type { Bounds } from './moves';
import type { InitialShop } from './world';

/** The small shops that the model explores. Each provokes one kind of conflict. */
/** What one buyer does, whose services lose messages or one of the databases. */
const oneBuyer: InitialShop = {
  users: { ann: 4 },
  items: { X: { stock: 3, price: 1 }, Y: { stock: 1, price: 1 } },
  orders: { A: { user: 'ann', lines: { X: 1 } } },
};

export const shops: Record<string, { shop: InitialShop; bounds: Bounds }> = {
  'two buyers want the last unit, and try twice': {
    shop: {
      users: { ann: 1, bob: 1 },
      items: { X: { stock: 1, price: 1 } },
      orders: { A: { user: 'ann', lines: { X: 1 } }, B: { user: 'bob', lines: { X: 1 } } },
    },
    bounds: { attempts: 2, deadlines: true, batches: true },
  },
  'three buyers wait, and no deadline passes': {
    shop: {
      users: { ann: 0, bob: 2, cat: 1 },
      items: { X: { stock: 1, price: 1 }, Y: { stock: 1, price: 1 } },
      orders: {
        A: { user: 'ann', lines: { X: 1 } },
        B: { user: 'bob', lines: { X: 1, Y: 1 } },
        C: { user: 'cat', lines: { Y: 1 } },
      },
    },
    bounds: { attempts: 2, changeStock: { item: 'X', by: -1 } },
  },
  'one buyer can pay for one of two orders, adds to an order and gets more credit': {
    shop: {
      users: { ann: 2 },
      items: { X: { stock: 3, price: 1 }, Y: { stock: 1, price: 1 } },
      orders: { A: { user: 'ann', lines: { X: 1 } }, B: { user: 'ann', lines: { X: 1, Y: 1 } } },
    },
    bounds: { attempts: 2, deadlines: true, addItemTo: 'A', addFunds: { user: 'ann', amount: 1 } },
  },
  'the database of order returns to an earlier commit, and the buyer adds to the order': {
    shop: { ...oneBuyer, users: { ann: 4 } },
    bounds: { attempts: 2, deadlines: true, asks: true, restored: 'order', addItemTo: 'A' },
  },
  'the database of order returns to an earlier commit, and the buyer replaces the item': {
    shop: oneBuyer,
    bounds: {
      attempts: 2,
      deadlines: true,
      asks: true,
      restored: 'order',
      swapItemOf: { order: 'A', by: 'Y' },
    },
  },
  'the database of payment returns to an earlier commit': {
    shop: oneBuyer,
    bounds: { attempts: 3, deadlines: true, asks: true, restored: 'payment' },
  },
  'the database of payment returns to an earlier commit, and a message of each service is lost for good': {
    shop: oneBuyer,
    bounds: { attempts: 1, deadlines: true, asks: true, restored: 'payment', losses: 1 },
  },
  'the database of stock returns to an earlier commit, and a message of each service is lost for good': {
    shop: oneBuyer,
    bounds: { attempts: 1, deadlines: true, asks: true, restored: 'stock', losses: 1 },
  },
  'the database of stock returns to an earlier commit': {
    shop: oneBuyer,
    bounds: { attempts: 2, deadlines: true, asks: true, restored: 'stock' },
  },
  'the database of stock returns to a time when the item was sold out': {
    shop: { ...oneBuyer, items: { X: { stock: 0, price: 1 } } },
    bounds: {
      ...{ attempts: 2, deadlines: true, asks: true, restored: 'stock' },
      changeStock: { item: 'X', by: 2 },
    },
  },
  'one buyer, and a message of each service is lost for good': {
    shop: { ...oneBuyer, users: { ann: 0 } },
    bounds: { attempts: 2, deadlines: true, asks: true, losses: 1, addFunds: { user: 'ann', amount: 1 } },
  },
  'two buyers want the same two items, and one item is restocked while they wait': {
    shop: {
      users: { ann: 1, bob: 2 },
      items: { X: { stock: 1, price: 1 }, Y: { stock: 1, price: 1 } },
      orders: { A: { user: 'ann', lines: { X: 1, Y: 1 } }, B: { user: 'bob', lines: { X: 1, Y: 1 } } },
    },
    bounds: { attempts: 2, deadlines: true, changeStock: { item: 'X', by: 1 } },
  },
  'three buyers wait in one queue, and the second wants more than the others': {
    shop: {
      users: { ann: 1, bob: 2, cat: 1 },
      items: { X: { stock: 2, price: 1 } },
      orders: {
        A: { user: 'ann', lines: { X: 1 } },
        B: { user: 'bob', lines: { X: 2 } },
        C: { user: 'cat', lines: { X: 1 } },
      },
    },
    bounds: { attempts: 1, deadlines: true, changeStock: { item: 'X', by: -1 } },
  },
  'three buyers wait in two queues, one of them in both': {
    shop: {
      users: { ann: 0, bob: 2, cat: 1 },
      items: { X: { stock: 1, price: 1 }, Y: { stock: 1, price: 1 } },
      orders: {
        A: { user: 'ann', lines: { X: 1 } },
        B: { user: 'bob', lines: { X: 1, Y: 1 } },
        C: { user: 'cat', lines: { Y: 1 } },
      },
    },
    bounds: { attempts: 1, deadlines: true, changeStock: { item: 'Y', by: 1 } },
  },
  'two buyers want the last unit, and a message of each service is lost for good': {
    shop: {
      users: { ann: 0, bob: 1 },
      items: { X: { stock: 1, price: 1 } },
      orders: { A: { user: 'ann', lines: { X: 1 } }, B: { user: 'bob', lines: { X: 1 } } },
    },
    bounds: { attempts: 1, deadlines: true, asks: true, losses: 1 },
  },
};
