import { setTimeout as sleep } from 'node:timers/promises';
import { logInElsewhere, startGuessing } from '../flood/guesses';
import type { LoadRun } from '../load-run';
import { ratios, spreadOf } from '../measure/spread';
import { startAccount } from '../rig/account';
import type { LocalShop } from '../rig/shop';
import type { Scenario } from '../scenario';
import { SATURATED } from '../settings';

const WARM_UP_MS = 6_000;
/** Before each address has guessed once, a hundred addresses look like a hundred people, and somebody elsewhere waits among them. */
const ALL_HAVE_GUESSED_MS = 1_000;

/**
 * Measures checkouts while somebody guesses passwords, 10,000 a minute from 100 addresses, against checkouts without. Meanwhile
 * somebody elsewhere who knows their password logs in.
 */
export const guesses: Scenario = {
  name: 'guesses',
  description: 'checkouts while 100 addresses guess 10,000 passwords a minute, against without',
  onTarget: false,
  async run({ options, say, openDataset }) {
    const dataset = await openDataset();
    const shop = dataset.shop as LocalShop;
    const loadRuns: { alone: LoadRun[]; beside: LoadRun[] } = { alone: [], beside: [] };
    const logins: number[] = [];
    const answers: Record<number, number>[] = [];
    /** Processor seconds of each round. Whoever guesses would be elsewhere, and runs here. */
    const cpuSeconds: { account: number; guessing: number }[] = [];
    const measure = (name: string) =>
      dataset.run({ ...options, name, connections: SATURATED, warmUpSeconds: 0 });
    const warmUpMs = options.quick ? 0 : WARM_UP_MS;
    const measureBeside = async (round: number) => {
      // New addresses each time: the first minute of guesses is the worst, because none is refused yet. But a new process
      // compiles its code first, which one that has run for a while does not.
      const account = await startAccount(shop.environment);
      const others = startGuessing(account.url, '198.18.0');
      await sleep(warmUpMs);
      await others.stop();
      const guessing = startGuessing(account.url);
      const before = { account: account.cpuSeconds(), guessing: process.cpuUsage() };
      const measured = measure(`beside guesses, round ${round}`);
      await sleep(Math.max((options.seconds * 1_000) / 2, ALL_HAVE_GUESSED_MS));
      const login = await logInElsewhere(account.url);
      loadRuns.beside.push(await measured);
      const { user, system } = process.cpuUsage(before.guessing);
      cpuSeconds.push({
        account: account.cpuSeconds() - before.account,
        guessing: (user + system) / 1_000_000,
      });
      logins.push(login);
      await guessing.stop();
      answers.push({ ...guessing.answers });
      await account.close();
    };
    for (let round = 1; round <= options.rounds; round++) {
      const inTurn = [
        async () => loadRuns.alone.push(await measure(`alone, round ${round}`)),
        () => measureBeside(round),
      ];
      for (const measureNext of round % 2 === 1 ? inTurn : inTurn.reverse()) {
        await measureNext();
      }
      const [alone, beside] = [loadRuns.alone, loadRuns.beside].map((runs) =>
        Math.round(runs.at(-1)?.perSecond ?? 0),
      );
      say(
        `round ${round}: ${alone} checkouts/s alone, ${beside} beside guesses (${JSON.stringify(answers.at(-1))}; seconds of processors ${JSON.stringify(cpuSeconds.at(-1))}); a login took ${Math.round(logins.at(-1) ?? 0)} ms`,
      );
    }
    await dataset.assertBalanced();
    await shop.close();
    const perSecond = (runs: LoadRun[]) => runs.map((run) => run.perSecond);
    return {
      loadRuns: [...loadRuns.alone, ...loadRuns.beside],
      details: { answers, cpuSeconds },
      figures: [
        {
          id: 'throughput_beside_guesses',
          name: 'checkouts a second while passwords are guessed ÷ without',
          unit: '',
          spread: spreadOf(ratios(perSecond(loadRuns.beside), perSecond(loadRuns.alone))),
        },
        {
          id: 'login_beside_guesses',
          name: 'a login from elsewhere meanwhile',
          unit: 'ms',
          spread: spreadOf(logins),
        },
      ],
    };
  },
};
