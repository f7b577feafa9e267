import { useQueries, useQuery } from '@tanstack/react-query';
import { Link, useParams } from 'react-router';
import { must, Refused } from '../../client/answers';
import { api } from '../../client/index';
import { linesOf, type Order } from '../../client/types';
import { Notice } from '../../ui/notice';
import { Page } from '../../ui/page';
import { Picture } from '../../ui/picture';
import { Trouble } from '../../ui/trouble';
import { credits, number } from '../../ui/words';
import { productQuery } from '../goods/queries';
import { MustLogIn } from '../people/must-log-in';
import { statusOf } from './status';

export function OrderPage() {
  const { id = '' } = useParams();
  return (
    <Page title="Your order" look="narrow">
      <MustLogIn next={`/my-orders/${id}`}>{() => <Shown orderId={id} />}</MustLogIn>
    </Page>
  );
}

const UNDECIDED_MS = 2_000;

function Shown({ orderId: order_id }: { orderId: string }) {
  const { data, error, refetch } = useQuery({
    queryKey: ['orders', 'one', order_id],
    queryFn: () => must(api.GET('/orders/find/{order_id}', { params: { path: { order_id } } })),
    refetchInterval: ({ state }) => (state.data?.status === 'CHECKING_OUT' ? UNDECIDED_MS : false),
  });
  if (data !== undefined) {
    return <Details order={data} />;
  }
  if (error instanceof Refused && [400, 404].includes(error.status)) {
    return <p>You have no such order.</p>;
  }
  return error === null ? (
    <span className="skeleton text-block" />
  ) : (
    <Trouble error={error} what="The order cannot be shown" onRetry={() => void refetch()} />
  );
}

function Details({ order }: { order: Order }) {
  const { word, tone, text } = statusOf(order);
  const lines = linesOf(order);
  const products = useQueries({
    queries: lines.map(({ item_id }) => ({ ...productQuery(item_id), refetchInterval: false as const })),
  });
  return (
    <div className="stack">
      <Notice tone={tone as 'good'} title={word}>
        <p>{text}</p>
      </Notice>
      <table className="table">
        <caption className="unseen">What is in the order</caption>
        <thead>
          <tr>
            <th scope="col">Product</th>
            <th scope="col" className="right">
              Quantity
            </th>
          </tr>
        </thead>
        <tbody>
          {lines.map(({ item_id: id, quantity }, i) => {
            const product = products[i]?.data;
            return (
              <tr key={id}>
                <td>
                  <span className="named">
                    <Picture name={product?.picture ?? 'parcel'} className="picture tiny" />
                    {product === undefined ? (
                      'A product that is not on show'
                    ) : (
                      <Link to={`/products/${id}`}>{product.name}</Link>
                    )}
                  </span>
                </td>
                <td className="right number">{number(quantity)}</td>
              </tr>
            );
          })}
        </tbody>
        <tfoot>
          <tr>
            <th scope="row">Together</th>
            <td className="right price">{credits(order.total_cost)}</td>
          </tr>
        </tfoot>
      </table>
      {order.status === 'PAID' && (
        <p className="soft">Open a product to say how many stars it gets from you.</p>
      )}
      <p className="soft order-id">Order {order.order_id}</p>
      <p>
        <Link to="/my-orders">All my orders</Link>
      </p>
    </div>
  );
}
