import { type CheckoutName, checkoutNames, perCheckoutService } from '../../../shared/services';
import { answeredAt, classify, type Exchange } from './history';

/**
 * A service's database went back to an earlier state: it was restored from a copy. What had been answered before the
 * copy was begun is still there. What was answered after that, to a request that was sent before the restore, may be
 * gone.
 */
export interface Loss {
  readonly service: CheckoutName;
  /** When the copy was begun, by the clock of the history. */
  readonly from: number;
  /** When the database was replaced by the copy. */
  readonly to: number;
}

/** Says which requests a service may have forgotten. */
export class Losses {
  private readonly ofService;

  constructor(losses: readonly Loss[]) {
    this.ofService = perCheckoutService((name) => losses.filter(({ service }) => service === name));
  }

  /** Whether the service may have forgotten what it did for this request. */
  includes(service: CheckoutName, exchange: Exchange): boolean {
    return this.ofService[service].some(({ from, to }) => exchange.at <= to && answeredAt(exchange) >= from);
  }

  anyIncludes(exchange: Exchange): boolean {
    return checkoutNames.some((service) => this.includes(service, exchange));
  }

  /** Whether the service may have forgotten what happens once for all of these requests: the first that succeeds does it. */
  includesEffect(service: CheckoutName, exchanges: readonly Exchange[]): boolean {
    const isSafe = ({ from }: Loss) =>
      exchanges.some((exchange) => classify(exchange) === 'done' && answeredAt(exchange) < from);
    return (
      exchanges.some((exchange) => this.includes(service, exchange)) && !this.ofService[service].every(isSafe)
    );
  }
}
