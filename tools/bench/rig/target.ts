import { type CheckoutName, perCheckoutService } from '../../../shared/services';
import { publicApi } from '../../audit/history/truth';
import type { ExpectedBooks, MeasuredShop } from './shop';

/** A shop that runs elsewhere. Only its public API can be reached. */
export class TargetShop implements MeasuredShop {
  readonly internalUrls = [];
  readonly urls: Record<CheckoutName, readonly string[]>;

  constructor(
    private readonly origins: Record<CheckoutName, string>,
    private readonly size: number,
  ) {
    this.urls = perCheckoutService((name) => [origins[name]]);
  }

  groups() {
    return {};
  }

  async prepare(): Promise<void> {}

  /** Adds up the credit and the stock that are left, read from the public API, and compares them with the sales. */
  async assertBalanced({ filled: { credit, stock, units, spent } }: ExpectedBooks): Promise<void> {
    const api = publicApi((service) => this.origins[service]);
    const left = {
      credit: await this.sum((id) => api.credit(id)),
      stock: await this.sum((id) => api.stock(id)),
    };
    const expected = { credit: this.size * credit - spent, stock: this.size * stock - units };
    if (left.credit === expected.credit && left.stock === expected.stock) {
      return;
    }
    throw new Error(
      `The books do not balance: after ${units} units were sold for ${spent}, there should be ${expected.stock} units ` +
        `and ${expected.credit} credit left, but there are ${left.stock} and ${left.credit}.`,
    );
  }

  async close(): Promise<void> {}

  private async sum(read: (id: string) => Promise<number | undefined>): Promise<number> {
    let [next, total] = [0, 0];
    const reader = async () => {
      while (next < this.size) {
        const left = await read(String(next++));
        total += left ?? 0;
      }
    };
    await Promise.all(Array.from({ length: 32 }, reader));
    return total;
  }
}
