import { describe, expect, test } from '@jest/globals';
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
