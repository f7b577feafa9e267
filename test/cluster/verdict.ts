import type { Buyers } from './buyers';
import { complaints, type Experience, experienceOf } from './experience';
import type { Kube } from './kube';
import type { ClusterOptions } from './options';
import { everyday, onlyOnce, type Trial } from './trials';

type Say = (text: string) => void;

/**
 * @param first what is done before all other trials
 * @returns whether buyers noticed nothing that they should not have
 */
export async function runTrials(
  kube: Kube,
  buyers: Buyers,
  options: ClusterOptions,
  first: readonly Trial[],
  say: Say,
): Promise<boolean> {
  let requests = 0;
  let unharmed = true;
  const run = async (trial: Trial) => {
    const { experience, problems } = await runTrial(kube, buyers, trial, say);
    unharmed &&= problems.length === 0;
    return experience;
  };
  for (const trial of first) {
    await run(trial);
  }
  do {
    for (const trial of await everyday(kube)) {
      requests += (await run(trial)).requests;
    }
    say(`${requests} requests were sent during everyday changes`);
  } while (requests < options.requests);
  for (const trial of await onlyOnce(kube, buyers, options)) {
    await run(trial);
  }
  return unharmed;
}

async function runTrial(
  kube: Kube,
  buyers: Buyers,
  { title, tolerance, requests = 0, disrupt }: Trial,
  say: Say,
): Promise<{ experience: Experience; problems: string[] }> {
  const began = performance.now();
  const before = buyers.sent.length;
  const detail = await disrupt();
  await Promise.all([kube.waitUntilReady(), buyers.nextOutcome()]);
  const readyAfterS = (performance.now() - began) / 1_000;
  while (buyers.sent.length - before < requests) {
    await buyers.nextOutcome();
  }
  const ended = performance.now();
  await buyers.settled();
  const experience = experienceOf(buyers.sent, began, ended);
  const problems = complaints(experience, tolerance);
  say(
    `${title}${detail ? ` (${detail})` : ''}: ${described(experience)}; all is ready after ${readyAfterS.toFixed(1)} s`,
  );
  if (Object.keys(experience.failures).some((failure) => failure.includes('from the gateway'))) {
    // At once: proxies log a lot, and nodes keep little of it.
    const refusals = await kube.gateway.refusals(Math.ceil((performance.now() - began) / 1_000));
    say(`  why, as the proxies say: ${JSON.stringify(refusals)}`);
  }
  for (const problem of problems) {
    say(`  NOT AS PROMISED: ${problem}`);
  }
  return { experience, problems };
}

function described({ requests, failed, failures, failedUntilS, slowestS }: Experience): string {
  const kinds = Object.entries(failures).map(([failure, count]) => `${count} ${failure}`);
  const until = failed === 0 ? '' : ` in the first ${failedUntilS.toFixed(1)} s (${kinds.join(', ')})`;
  return `${failed} of ${requests} requests failed${until}, the slowest took ${slowestS.toFixed(1)} s`;
}
