// Deploys the shop to a real cluster, breaks it under load in the ways that clusters break, and gives a verdict.
import { spawnSync } from 'node:child_process';
import type { AgentOptions } from 'node:https';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { root } from '../../shared/root';
import { auditHistory } from '../../tools/audit/history/audit-history';
import { publicApi } from '../../tools/audit/history/truth';
import { describeFindings } from '../../tools/audit/report';
import { checkAlerts, DRILL_MS } from './alerts/check';
import { balanceOver } from './balancer';
import { type Buyers, startBuyers } from './buyers';
import { forwardTo } from './forwarding';
import { auditJob } from './judging';
import { connect, type Kube } from './kube';
import { testOnOwnCluster } from './on-own';
import { type ClusterOptions, readOptions, usage } from './options';
import { patient } from './patience';
import { keepingOneFree } from './spread';
import { prepareUpgrade } from './upgrade/upgrade';
import { runTrials } from './verdict';
import { checkWatching, hasPrometheus } from './watching/check';
import { openWayIn, type Route } from './way-in';

const MAX_AUDITS = 4;
const BETWEEN_AUDITS_MS = 15_000;

/** @returns the exit status */
async function main(): Promise<number> {
  const args = process.argv.slice(2);
  if (args.includes('--help')) {
    console.log(usage);
    return 0;
  }
  const options = readOptions(args, process.env.KUBECONFIG);
  if (options.ownNodes !== undefined) {
    return testOnOwnCluster(options.ownNodes, options, say);
  }
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (major * 100 + minor < 2215) {
    throw new Error(
      `The Kubernetes client needs Node.js 22.15 or newer, but this is ${process.version}. Where npm can install the ` +
        'Node.js of the images (Linux), "npm run test:cluster" runs on that; elsewhere, install a newer one.',
    );
  }
  const kube = await connect(options.context);
  const upgrade = options.from ? await prepareUpgrade(options.from, kube, options) : undefined;
  if (!options.deployed) {
    await keepingOneFree(kube, options, upgrade?.deploy ?? (() => deploy(kube.context, options)));
  }
  const wayIn = await openWayIn(kube, (tls) => openRoute(kube, options, tls), { say });
  try {
    const since = Date.now() / 1_000;
    const buyers = await startBuyers(wayIn.url, options.buyers, options.alerts ? DRILL_MS : undefined);
    say(`${options.buyers} buyers are checking out`);
    const unharmed = await (options.alerts
      ? checkAlerts(kube, buyers, wayIn.url, options.causes, say)
      : runTrials(kube, buyers, options, upgrade?.trials ?? [], say));
    say('waiting for the outcomes of the last checkouts');
    await buyers.finish();
    const isWatched = await checkPrometheus(kube, options, since);
    const booksBalance = await auditShop(kube, buyers, wayIn.url);
    return unharmed && isWatched && booksBalance ? 0 : 1;
  } finally {
    wayIn.close();
  }
}

async function openRoute(kube: Kube, { direct }: ClusterOptions, tls: AgentOptions): Promise<Route> {
  if (!direct) {
    return forwardTo(kube, tls);
  }
  const service = await kube.gateway.service();
  return balanceOver(() => kube.gateway.endpoints(service), tls, say);
}

function deploy(context: string, { overlay, script }: ClusterOptions): void {
  const command = join(root, 'deploy-to-cluster.sh');
  const { status } = spawnSync(command, [overlay, '--context', context, ...script], { stdio: 'inherit' });
  if (status !== 0) {
    throw new Error('The deployment failed; its output above says why.');
  }
}

/** With --without-charts, a cluster may have no Prometheus. */
async function checkPrometheus(kube: Kube, { script }: ClusterOptions, since: number): Promise<boolean> {
  if (script.includes('--without-charts') && !(await hasPrometheus(kube))) {
    say('the cluster has no Prometheus that watches the shop, so nothing of that is checked');
    return true;
  }
  return checkWatching(kube, since, say);
}

/** Audits the books inside the cluster, and here the answers that buyers got. */
async function auditShop(kube: Kube, { history }: Buyers, url: string): Promise<boolean> {
  const books = await auditBooks(kube);
  console.log(books.output);
  const { findings, checked } = await auditHistory(history, patient(publicApi(() => url)));
  say(`checked ${checked.requests} requests and ${checked.checkouts} checkouts`);
  console.log(describeFindings(findings));
  return books.result === 'succeeded' && findings.length === 0 && checked.checkouts > 0;
}

/** When the last buyer has an answer, the last events may still be in flight, so a failed audit is repeated. */
async function auditBooks(kube: Kube): ReturnType<Kube['runJob']> {
  for (let audits = 1; ; audits++) {
    const job = auditJob(await kube.operateCronJob(), `audit-${Date.now()}`);
    const audit = await kube.runJob(job);
    if (audit.result === 'succeeded' || audits === MAX_AUDITS) {
      return audit;
    }
    await sleep(BETWEEN_AUDITS_MS);
  }
}

function say(text: string): void {
  console.log(`[${new Date().toISOString().slice(11, 19)}] ${text}`);
}

main().then(
  (status) => process.exit(status),
  (error: Error) => {
    const cause = error.cause instanceof Error ? ` (${error.cause.message})` : '';
    console.error(`${error.message}${cause}`);
    process.exit(2);
  },
);
