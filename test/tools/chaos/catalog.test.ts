import { newId } from '../../../shared/new-id';
import { checkCatalog } from '../../../tools/chaos/verdict/catalog';
import { openDatabases } from '../../../tools/support/databases';
import { query } from '../../support/books';
import { createDatabases } from '../../support/servers';
import { silent } from '../../support/silent';

/** What the verdict of a chaos run finds about catalog. */
test('an acknowledged restock or vote that is gone is found, and so is a buyer who was told they had not bought', async () => {
  const urls = await createDatabases();
  const [kept, lost] = [newId(), newId()];
  await query(
    urls.catalog,
    `INSERT INTO restocks (id, item_id, quantity, price, traceparent) VALUES ($1, 'lamp', 1, 1, '')`,
    [kept],
  );
  await query(urls.catalog, `INSERT INTO votes (item_id, user_id, stars) VALUES ('lamp', 'ann', 5)`);
  const stocked = (restock_id: string) => ({
    ...{ at: 0, request: 'POST /catalog/products', status: 202, body: { restock_id } },
  });
  const voted = (user: string, status: number) => ({
    ...{ at: 0, request: `POST /catalog/vote/${user}/lamp/5`, status },
  });
  const databases = openDatabases('test', urls, silent);
  const history = [stocked(kept), stocked(lost), voted('ann', 200), voted('bob', 200), voted('cat', 403)];
  expect(await checkCatalog(history, databases)).toMatchObject([
    { invariant: 'I10', saga_id: lost },
    { invariant: 'I10', user_id: 'bob', item_id: 'lamp' },
    { invariant: 'I8', user_id: 'cat' },
  ]);
  await databases.close();
});
