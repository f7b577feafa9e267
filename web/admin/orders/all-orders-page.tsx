import { useInfiniteQuery } from '@tanstack/react-query';
import { must } from '../../client/answers';
import { api } from '../../client/index';
import { unitsIn } from '../../client/types';
import { Page } from '../../ui/page';
import { Trouble } from '../../ui/trouble';
import { credits, number, time } from '../../ui/words';
import { standing } from './standing';

const WATCHED_MS = 5_000;
/** The end of an id is what tells it from its neighbours. */
const SHORT = 8;

export function AllOrdersPage() {
  const { data, error, isPending, hasNextPage, isFetchingNextPage, fetchNextPage, refetch } =
    useInfiniteQuery({
      queryKey: ['all orders'],
      initialPageParam: undefined as string | undefined,
      queryFn: ({ pageParam }) =>
        must(
          api.GET('/orders', {
            params: { query: { limit: 50, ...(pageParam !== undefined && { cursor: pageParam }) } },
          }),
        ),
      getNextPageParam: ({ next_cursor }) => next_cursor ?? undefined,
      refetchInterval: WATCHED_MS,
    });
  const orders = data?.pages.flatMap((page) => page.orders) ?? [];
  return (
    <Page title="Orders of all buyers">
      {error !== null && data === undefined && (
        <Trouble error={error} what="The orders cannot be shown" onRetry={() => void refetch()} />
      )}
      {isPending && error === null && <span className="skeleton table-block" />}
      {data !== undefined && orders.length === 0 && <p>Nobody has ordered anything yet.</p>}
      {orders.length > 0 && (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what is cut off on a phone is reached with the keyboard, too.
        <section className="table-frame" aria-label="Orders" tabIndex={0}>
          <table className="table">
            <caption className="unseen">Orders of all buyers, the newest first</caption>
            <thead>
              <tr>
                <th scope="col">Begun</th>
                <th scope="col">Order</th>
                <th scope="col">Buyer</th>
                <th scope="col" className="right">
                  Units
                </th>
                <th scope="col" className="right">
                  Together
                </th>
                <th scope="col">How it stands</th>
              </tr>
            </thead>
            <tbody>
              {orders.map((order) => {
                const { word, tone } = standing(order);
                return (
                  <tr key={order.order_id}>
                    <td className="number">{time(order.created_at)}</td>
                    <th scope="row">
                      <Id id={order.order_id} />
                    </th>
                    <td>
                      <Id id={order.user_id} />
                    </td>
                    <td className="right number">{number(unitsIn(order))}</td>
                    <td className="right number">{credits(order.total_cost)}</td>
                    <td>
                      <span className={`badge ${tone}`}>{word}</span>
                    </td>
                  </tr>
                );
              })}
            </tbody>
          </table>
        </section>
      )}
      {hasNextPage && (
        <p className="more">
          <button
            type="button"
            className="quiet"
            disabled={isFetchingNextPage}
            onClick={() => void fetchNextPage()}
          >
            {isFetchingNextPage ? 'Loading …' : 'Load earlier orders'}
          </button>
        </p>
      )}
    </Page>
  );
}

function Id({ id }: { id: string }) {
  return (
    <code className="id" title={id}>
      {id.length > 2 * SHORT ? `…${id.slice(-SHORT)}` : id}
    </code>
  );
}
