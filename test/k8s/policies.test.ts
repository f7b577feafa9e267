import { describe, expect, test } from '@jest/globals';
import { manifestsOf, overlays } from './manifests';
import { mutations } from './mutations';
import { policiesOf } from './policies';

describe.each(overlays)('in the overlay %s', (overlay) => {
  const policies = policiesOf(overlay);

  test.each(Object.keys(policies))('%s', async (promise) => {
    expect(policies[promise]?.(await manifestsOf(overlay))).toEqual([]);
  });

  const mine = mutations.filter((mutation) => mutation.overlay === overlay);
  test.each(mine.map(({ policy, mistake, make }) => [mistake, policy, make] as const))(
    'it is found when %s (%s)',
    async (_mistake, policy, make) => {
      const broken = await manifestsOf(overlay);
      make(broken);
      expect(policies[policy]?.(broken)).not.toEqual([]);
    },
  );

  test('every policy has a mistake that it finds', () => {
    const proven = new Set(mutations.map(({ policy }) => policy));
    expect(Object.keys(policies).filter((policy) => !proven.has(policy))).toEqual([]);
  });
});
