import { setTimeout as sleep } from 'node:timers/promises';
import { ApiClient } from '../../support/api-client';
import type { Buyers } from '../buyers';
import type { Kube } from '../kube';
import { watchedPods } from '../watching/check';
import { findTargetProblems } from '../watching/judging';
import { openWatchers } from '../watching/prometheus';
import { bookCauses } from './book-causes';
import type { Cause } from './cause';
import { checkoutCauses } from './checkout-causes';
import { databaseCauses } from './database-causes';
import { runDrill } from './drill';
import { handsOn, until } from './hands';
import type { Shop } from './shop';

/** Longer than it takes. Some buyers wait for an outcome for as long as a cause lasts. */
export const DRILL_MS = 3 * 60 * 60_000;
/** A counter that is already 1 when Prometheus first reads it has not increased, so all must have been read before. */
const READ_BEFORE_MS = 60_000;
/** They need not keep the shop busy: some rules want a few thousand checkouts in an hour. */
const PAUSE_MS = 1_000;

/** Returns the causes of all alerts. Lists do not disturb each other; the causes of a list come one after the other. */
export function allCauses(shop: Shop): Cause[][] {
  return [checkoutCauses(shop), bookCauses(shop), databaseCauses(shop)];
}

/**
 * Brings the cause of each alert about, for about an hour and a quarter.
 * @param url the way in
 * @param parts only causes with one of these in their title are brought about; all if there are none
 * @returns whether each alert fired when its cause was there, and not before
 */
export async function checkAlerts(
  kube: Kube,
  buyers: Buyers,
  url: string,
  parts: readonly string[],
  say: (text: string) => void,
): Promise<boolean> {
  buyers.keep(Number.POSITIVE_INFINITY, PAUSE_MS);
  const watchers = await openWatchers(kube.context);
  const api = new ApiClient(() => [url]);
  try {
    const causes = allCauses({ kube, api, url, watchers, hands: handsOn(kube) });
    const chosen = causes.map((strand) =>
      strand.filter(({ title }) => parts.length === 0 || parts.some((part) => title.includes(part))),
    );
    if (chosen.flat().length === 0) {
      const titles = causes.flat().map(({ title }) => `  ${title}`);
      throw new Error(
        `No cause has "${parts.join('" or "')}" in its title. There are:\n${titles.join('\n')}`,
      );
    }
    say('waiting until Prometheus has read everything');
    await until('Prometheus reads every page of metrics', async () => {
      return findTargetProblems(await watchedPods(kube), await watchers.targets()).length === 0;
    });
    await sleep(READ_BEFORE_MS);
    const works = await runDrill(watchers, chosen, say);
    await kube.waitUntilReady();
    return works;
  } finally {
    await api.close();
    watchers.close();
  }
}
