// Deploys the shop to a real cluster, breaks it under load in the ways that clusters break, and gives a verdict.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { root } from '../../shared/root';
import { auditHistory } from '../../tools/audit/history/audit-history';
import { publicApi } from '../../tools/audit/history/truth';
import { describeFindings } from '../../tools/audit/report';
import { rules } from '../k8s/monitoring/sources';
import { type Buyers, letBuyersIn } from './buyers';
import { openDoor } from './door';
import { auditJob } from './judging';
import { connect, type Kube } from './kube';
import { type ClusterOptions, readOptions, usage } from './options';
import { trials } from './trials';

const AUDITS = 4;
const BETWEEN_AUDITS_MS = 15_000;

async function main(): Promise<boolean> {
  const args = process.argv.slice(2);
  if (args.includes('--help')) {
    console.log(usage);
    return true;
  }
  const options = readOptions(args, process.env.KUBECONFIG);
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (major * 100 + minor < 2215) {
    throw new Error(`The Kubernetes client needs Node.js 22.15 or newer: this is ${process.version}.`);
  }
  const kube = await connect(options.context);
  if (!options.deployed) {
    deploy(kube.context, options);
  }
  const door = await openDoor(kube);
  try {
    const buyers = await letBuyersIn(door.url, options.buyers);
    say(`${options.buyers} buyers are in the shop`);
    await strikeAll(kube, buyers);
    say('nothing is broken any more; waiting for everybody to know how their checkout ended');
    await buyers.finish();
    const watched = options.script.includes('--without-charts') || (await rulesHold(kube));
    return (await verdict(kube, buyers, door.url)) && watched;
  } finally {
    door.close();
  }
}

function deploy(context: string, { overlay, script }: ClusterOptions): void {
  const command = join(root, 'deploy-to-cluster.sh');
  const { status } = spawnSync(command, [overlay, '--context', context, ...script], { stdio: 'inherit' });
  if (status !== 0) {
    throw new Error('The shop could not be deployed: see above.');
  }
}

async function strikeAll(kube: Kube, buyers: Buyers): Promise<void> {
  for (const { title, strike } of await trials(kube)) {
    const about = await strike();
    const [whole, answer] = await Promise.all([kube.whole(), buyers.nextAnswer()]);
    const seconds = (ms: number) => `${(ms / 1_000).toFixed(1)} s`;
    say(
      `${title}${about ? ` (${about})` : ''}: sold again after ${seconds(answer)}, whole after ${seconds(whole)}`,
    );
  }
}

/** What the cluster's own Prometheus says of the rules; its version is not the one that the other tests have. */
async function rulesHold(kube: Kube): Promise<boolean> {
  const faults = await kube.rules(rules.map(({ alert, record }) => alert ?? record ?? ''));
  say(faults.length === 0 ? 'Prometheus evaluates every rule' : `Prometheus: ${faults.join('; ')}`);
  return faults.length === 0;
}

/** What the auditor says inside the cluster, of the books, and here, of what buyers were told. */
async function verdict(kube: Kube, { history }: Buyers, url: string): Promise<boolean> {
  const books = await auditBooks(kube);
  console.log(books.said);
  const { findings, checked } = await auditHistory(
    history,
    publicApi(() => url),
  );
  say(`${checked.requests} requests and ${checked.checkouts} checkouts were looked at`);
  console.log(describeFindings(findings));
  return books.ended === 'succeeded' && findings.length === 0 && checked.checkouts > 0;
}

/** The last events may still be on their way when the last buyer has an answer, so that a bad verdict is asked for again. */
async function auditBooks(kube: Kube): ReturnType<Kube['run']> {
  for (let audits = 1; ; audits++) {
    const job = auditJob(await kube.operate(), `audit-${Date.now()}`);
    const result = await kube.run(job);
    if (result.ended === 'succeeded' || audits === AUDITS) {
      return result;
    }
    await sleep(BETWEEN_AUDITS_MS);
  }
}

function say(text: string): void {
  console.log(`[${new Date().toISOString().slice(11, 19)}] ${text}`);
}

main().then(
  (passed) => process.exit(passed ? 0 : 1),
  (error: Error) => {
    const cause = error.cause instanceof Error ? ` (${error.cause.message})` : '';
    console.error(`${error.message}${cause}`);
    process.exit(2);
  },
);
