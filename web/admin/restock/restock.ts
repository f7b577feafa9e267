import { must } from '../../client/answers';
import { api } from '../../client/index';
import { patiently } from '../../client/patiently';

export interface Stocked {
  readonly name: string;
  readonly quantity: number;
  readonly price?: number;
  readonly description?: string;
  readonly picture?: string;
  readonly categories?: string[];
}

/** How it ended: the units are there, or they are not, and why. */
export interface Restocked {
  readonly itemId: string;
  readonly name: string;
  readonly quantity: number;
  readonly isNew: boolean;
  readonly refusal: string | undefined;
}

const LOOK_EVERY_MS = 300;

/**
 * Puts units into the shop, and resolves when it is certain that they are there or that they are not.
 * @param key the same for the same units: they are put in once, however often it is asked
 */
export async function restock(body: Stocked, key: string, say: (text: string) => void): Promise<Restocked> {
  say('Asking the shop to take the units …');
  const params = { header: { 'Idempotency-Key': key } };
  const accepted = await patiently(() => must(api.POST('/catalog/products', { params, body })));
  say('The shop has written it down. Waiting until the units are counted …');
  for (;;) {
    const { state, reason } = await patiently(() =>
      must(
        api.GET('/catalog/restocks/{restock_id}', { params: { path: { restock_id: accepted.restock_id } } }),
      ),
    );
    if (state !== 'REQUESTED') {
      return {
        itemId: accepted.item_id,
        name: body.name,
        quantity: body.quantity,
        isNew: accepted.is_new,
        refusal: state === 'REFUSED' ? (reason ?? 'refused') : undefined,
      };
    }
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
}
