import { join } from 'node:path';
import { home } from '../support/layout';
import { secretIn } from '../support/secret';

/** Two people to look at the pages with. Their addresses exist nowhere (RFC 2606), and their password only on this machine. */
export interface DemoPerson {
  readonly email: string;
  readonly name: string;
  readonly password: string;
}

export function demoPeople(): { buyer: DemoPerson; shopkeeper: DemoPerson } {
  const password = secretIn(join(home, 'demo-password'));
  return {
    buyer: { email: 'buyer@chandlery.example', name: 'Beth Buyer', password },
    shopkeeper: { email: 'keeper@chandlery.example', name: 'Kim Keeper', password },
  };
}
