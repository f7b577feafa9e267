import { perService, type ServiceName } from '../../../shared/services';
import { publicApi } from '../../audit/history/truth';
import type { MeasuredShop, ToldBuyers } from './shop';

/** A shop that somebody else runs. Of its processes and databases nothing is known. */
export class TargetShop implements MeasuredShop {
  readonly internalUrls = [];
  readonly urls: Record<ServiceName, readonly string[]>;

  constructor(
    private readonly origins: Record<ServiceName, string>,
    private readonly size: number,
  ) {
    this.urls = perService((name) => [origins[name]]);
  }

  groups() {
    return {};
  }

  async prepare(): Promise<void> {}

  /** Adds up by the public API what everybody has left: what is missing is what was bought. */
  async mustBalance({ filled: { credit, stock, units, spent } }: ToldBuyers): Promise<void> {
    const api = publicApi((service) => this.origins[service]);
    const left = {
      credit: await this.sum((id) => api.credit(id)),
      stock: await this.sum((id) => api.stock(id)),
    };
    const wanted = { credit: this.size * credit - spent, stock: this.size * stock - units };
    if (left.credit === wanted.credit && left.stock === wanted.stock) {
      return;
    }
    throw new Error(
      `The books do not balance: after ${units} units were sold for ${spent}, there should be ${wanted.stock} units ` +
        `and ${wanted.credit} credit left, but there are ${left.stock} and ${left.credit}.`,
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
