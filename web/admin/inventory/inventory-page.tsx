import { useInfiniteQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { Link } from 'react-router';
import { Field } from '../../ui/field';
import { Page } from '../../ui/page';
import { Trouble } from '../../ui/trouble';
import { useSettled } from '../../ui/use-settled';
import { ProductRow } from './product-row';
import { inventoryQuery } from './queries';

export function InventoryPage() {
  const [search, setSearch] = useState('');
  return (
    <Page
      title="Inventory"
      aside={
        <Link to="/restock" className="main">
          Insert or restock
        </Link>
      }
    >
      <search className="finder-alone">
        <Field
          label="Search"
          type="search"
          autoComplete="off"
          maxLength={100}
          value={search}
          onChange={({ target }) => setSearch(target.value)}
        />
      </search>
      <Inventory search={useSettled(search.trim())} />
    </Page>
  );
}

function Inventory({ search }: { search: string }) {
  const { data, error, isPending, hasNextPage, isFetchingNextPage, fetchNextPage, refetch } =
    useInfiniteQuery(inventoryQuery(search));
  if (error !== null && data === undefined) {
    return <Trouble error={error} what="The inventory cannot be shown" onRetry={() => void refetch()} />;
  }
  if (isPending) {
    return <span className="skeleton table-block" />;
  }
  const products = data.pages.flatMap((page) => page.products);
  if (products.length === 0) {
    return <p>{search === '' ? 'The shop has no products yet.' : `Nothing was found for “${search}”.`}</p>;
  }
  return (
    <>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what is cut off on a phone is reached with the keyboard, too. */}
      <section className="table-frame" aria-label="Products" tabIndex={0}>
        <table className="table">
          <caption className="unseen">All products of the shop</caption>
          <thead>
            <tr>
              <th scope="col">Product</th>
              <th scope="col" className="right">
                Price
              </th>
              <th scope="col" className="right">
                Units
              </th>
              <th scope="col">Rating</th>
              <th scope="col">Buyers see it</th>
              <th scope="col">
                <span className="unseen">Actions</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {products.map((product) => (
              <ProductRow key={product.item_id} product={product} />
            ))}
          </tbody>
        </table>
      </section>
      {hasNextPage && (
        <p className="more">
          <button
            type="button"
            className="quiet"
            disabled={isFetchingNextPage}
            onClick={() => void fetchNextPage()}
          >
            {isFetchingNextPage ? 'Loading …' : 'Load more products'}
          </button>
        </p>
      )}
    </>
  );
}
