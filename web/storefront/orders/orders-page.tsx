import { useInfiniteQuery } from '@tanstack/react-query';
import { Link } from 'react-router';
import { must } from '../../client/answers';
import { api } from '../../client/index';
import { unitsIn } from '../../client/types';
import { Page } from '../../ui/page';
import { Trouble } from '../../ui/trouble';
import { credits, plural, time } from '../../ui/words';
import { MustLogIn } from '../people/must-log-in';
import { Status, statusOf } from './status';

export function OrdersPage() {
  return (
    <Page title="My orders">
      <MustLogIn next="/my-orders">{(person) => <Orders userId={person.user_id} />}</MustLogIn>
    </Page>
  );
}

const UNDECIDED_MS = 2_000;

function Orders({ userId: user_id }: { userId: string }) {
  const { data, error, isPending, hasNextPage, isFetchingNextPage, fetchNextPage, refetch } =
    useInfiniteQuery({
      queryKey: ['orders', user_id],
      initialPageParam: undefined as string | undefined,
      queryFn: ({ pageParam }) =>
        must(
          api.GET('/orders', {
            params: { query: { user_id, ...(pageParam !== undefined && { cursor: pageParam }) } },
          }),
        ),
      getNextPageParam: ({ next_cursor }) => next_cursor ?? undefined,
      refetchInterval: ({ state }) =>
        state.data?.pages.some(({ orders }) => orders.some(({ status }) => status === 'CHECKING_OUT'))
          ? UNDECIDED_MS
          : false,
    });
  const orders = data?.pages.flatMap((page) => page.orders) ?? [];
  if (error !== null && data === undefined) {
    return <Trouble error={error} what="Your orders cannot be shown" onRetry={() => void refetch()} />;
  }
  if (isPending) {
    return <span className="skeleton text-block" />;
  }
  if (orders.length === 0) {
    return (
      <div className="stack">
        <p>You have not ordered anything yet.</p>
        <p>
          <Link to="/" className="main">
            Look at the goods
          </Link>
        </p>
      </div>
    );
  }
  return (
    <>
      <ul className="orders">
        {orders.map((order) => (
          <li key={order.order_id} className="card order-card">
            <h2>
              <Link to={`/my-orders/${order.order_id}`}>{time(order.created_at)}</Link>
            </h2>
            <p className="order-facts">
              <span>{plural(unitsIn(order), 'unit')}</span>
              <span className="price">{credits(order.total_cost)}</span>
            </p>
            <p className="order-status">
              <Status order={order} />
              <span className="soft">{statusOf(order).text}</span>
            </p>
          </li>
        ))}
      </ul>
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
    </>
  );
}
