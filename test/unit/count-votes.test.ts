import { countVotes, type Vote } from '../../catalog/src/votes/count-votes';

const vote = (user_id: string, stars: number, item_id = 'lamp'): Vote => ({ item_id, user_id, stars });
const none = [0, 0, 0, 0, 0];
const of = (counts: readonly number[], item = 'lamp') => new Map([[item, counts]]);

test('counts votes by their stars', () => {
  const votes = [vote('ann', 5), vote('bob', 1), vote('cat', 5)];
  const { counts, changes } = countVotes(of(none), [], votes);
  expect(counts.get('lamp')).toEqual([1, 0, 0, 0, 2]);
  expect(changes).toEqual(votes.map((each) => ({ ...each, before: null })));
});

test('takes a vote back that somebody changes, within a batch and after it', () => {
  const { counts, changes } = countVotes(
    of([0, 1, 0, 0, 0]),
    [vote('ann', 2)],
    [vote('ann', 3), vote('ann', 4)],
  );
  expect(counts.get('lamp')).toEqual([0, 0, 0, 1, 0]);
  expect(changes.map(({ before, stars }) => [before, stars])).toEqual([
    [2, 3],
    [3, 4],
  ]);
});

test('the same vote again changes nothing', () => {
  const { counts, changes } = countVotes(of([0, 0, 1, 0, 0]), [vote('ann', 3)], [vote('ann', 3)]);
  expect(counts.get('lamp')).toEqual([0, 0, 1, 0, 0]);
  expect(changes).toEqual([]);
});

test('keeps products apart, and leaves what it was given as it is', () => {
  const before = new Map([...of(none), ...of(none, 'rope')]);
  const { counts } = countVotes(before, [], [vote('ann', 1), vote('ann', 2, 'rope')]);
  expect([counts.get('lamp'), counts.get('rope')]).toEqual([
    [1, 0, 0, 0, 0],
    [0, 1, 0, 0, 0],
  ]);
  expect(before.get('lamp')).toEqual(none);
});
