import { firstOfLife } from '../../shared/contract/saga-ids';
import { newId } from '../../shared/new-id';

/**
 * Returns the id of the first saga of a new order. Its last six hexadecimal digits are zero: they count the attempts to
 * check the order out (docs/decisions/0022).
 */
export function newFirstSagaId(): string {
  return firstOfLife(newId());
}
