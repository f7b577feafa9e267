import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from '@jest/globals';
import { root } from '../../shared/root';
import { manifestsOf, overlays } from './manifests';
import { mutations } from './mutations';
import { policiesOf } from './policies';

describe.each(overlays)('in the overlay %s', (overlay) => {
  const policies = policiesOf(overlay);

  test.each(Object.keys(policies))('%s', async (policy) => {
    expect(policies[policy]?.(await manifestsOf(overlay))).toEqual([]);
  });

  const own = mutations.filter((mutation) => mutation.overlay === overlay);
  test.each(own.map(({ policy, mistake, make }) => [mistake, policy, make] as const))(
    'finds that %s (%s)',
    async (_mistake, policy, make) => {
      const broken = await manifestsOf(overlay);
      make(broken);
      expect(policies[policy]?.(broken)).not.toEqual([]);
    },
  );

  test('every policy is tested with a mistake that it finds', () => {
    const tested = new Set(mutations.map(({ policy }) => policy));
    expect(Object.keys(policies).filter((policy) => !tested.has(policy))).toEqual([]);
  });
});

test('the public gateway leads to exactly the routes that are for buyers or for everybody', async () => {
  await promisify(execFile)(process.execPath, [
    join(root, 'k8s/components/access/write-routes.mjs'),
    '--check',
  ]);
});
