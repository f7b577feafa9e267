import type { ApiClient } from '../../support/api-client';
import type { Kube } from '../kube';
import type { Watchers } from '../watching/prometheus';
import type { Hands } from './hands';

/** What causes are brought about with. */
export interface Shop {
  readonly kube: Kube;
  readonly hands: Hands;
  readonly api: ApiClient;
  /** The way in. */
  readonly url: string;
  readonly watchers: Pick<Watchers, 'instant'>;
}
