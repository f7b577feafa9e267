import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root } from '../../../shared/root';
import { unnoticed } from '../experience';
import type { Kube } from '../kube';
import type { ClusterOptions } from '../options';
import { spreadProxies } from '../spread';
import type { Trial } from '../trials';
import { findRelease, unpackRelease } from './releases';
import { runDeployScript, runShell } from './script';

/** An earlier version that is deployed as it was then, and upgraded, rolled back and upgraded again while buyers check out. */
export interface Upgrade {
  /** Deploys the earlier version with its own script and manifests. */
  deploy(): Promise<void>;
  readonly trials: readonly Trial[];
}

/** The first deployment begins in an empty cluster, and the script of 0.1.0 gives up before the gateway runs. */
const ATTEMPTS = 3;

/**
 * Unpacks the earlier version. Its sources are deleted when this process ends.
 * @throws Error when there is no such release, or this clone does not have its commit
 */
export async function prepareUpgrade(
  from: string,
  kube: Kube,
  { overlay, script }: Pick<ClusterOptions, 'overlay' | 'script'>,
): Promise<Upgrade> {
  const { context } = kube;
  const release = findRelease(from);
  const sources = mkdtempSync(join(tmpdir(), 'chandlery-release-'));
  process.once('exit', () => rmSync(sources, { recursive: true, force: true }));
  for (const signal of ['SIGINT', 'SIGTERM']) {
    process.once(signal, () => process.exit(2));
  }
  await unpackRelease(release, sources);
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
  const args = [overlay, '--context', context];

  async function deploy(): Promise<void> {
    for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
      // Its images have its own tag.
      if ((await runDeployScript(sources, [...args, ...withoutTag(script)])) === 0) {
        return;
      }
    }
    throw new Error(`${from} could not be deployed; the output above says why.`);
  }

  async function upgrade(): Promise<undefined> {
    if ((await runDeployScript(root, [...args, ...script])) !== 0) {
      throw new Error('The upgrade failed; the output above says why.');
    }
    if (overlay === 'laptop') {
      // The script has put their number back to that of the overlay.
      await spreadProxies(kube);
    }
  }

  async function rollBack(): Promise<undefined> {
    await runShell(rollbackCommands(), context);
  }

  return {
    deploy,
    trials: [
      { title: `upgraded ${from} to ${version}`, tolerance: unnoticed, disrupt: upgrade },
      { title: `rolled the programs back to ${from}`, tolerance: unnoticed, disrupt: rollBack },
      { title: `upgraded ${from} to ${version} again`, tolerance: unnoticed, disrupt: upgrade },
    ],
  };
}

export function withoutTag(script: readonly string[]): string[] {
  const tag = script.indexOf('--tag');
  return script.filter((_, i) => tag < 0 || (i !== tag && i !== tag + 1));
}

/** Returns the commands with which operators roll back, as the documentation shows them. */
export function rollbackCommands(text = readFileSync(join(root, 'docs/kubernetes.md'), 'utf8')): string {
  const [, section = ''] = text.split('\n### Rolling back\n');
  const [, commands] = /```sh\n([\s\S]*?)```/.exec(section) ?? [];
  if (commands === undefined) {
    throw new Error('docs/kubernetes.md has no commands under "Rolling back".');
  }
  return commands;
}
