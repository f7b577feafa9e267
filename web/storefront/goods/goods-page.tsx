import { useInfiniteQuery } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { useSearchParams } from 'react-router';
import { announce } from '../../ui/announce';
import { Page } from '../../ui/page';
import { Trouble } from '../../ui/trouble';
import { plural } from '../../ui/words';
import { Finder } from './finder';
import { ProductCard, ProductCardSkeleton } from './product-card';
import { goodsQuery, type Search, SORTS, type Sort } from './queries';

/** How many cards are above the fold: their pictures are loaded at once. */
const FIRST_CARDS = 8;
const PLACES = Array.from({ length: FIRST_CARDS }, (_, i) => `place ${i}`);

export function GoodsPage() {
  const [parameters] = useSearchParams();
  const wanted: Search = {
    search: parameters.get('search') ?? '',
    category: parameters.get('category') ?? '',
    sort: sortIn(parameters.get('sort')),
  };
  return (
    <Page title="Goods for sea and shore" aside={<Welcome />} look="welcoming">
      <Finder wanted={wanted} />
      <Goods wanted={wanted} />
    </Page>
  );
}

function Welcome() {
  return (
    <>
      <p className="lead">Rope, lamps, instruments and clothing, made to be used and to last.</p>
      <img className="welcome-picture" src="/welcome.svg" alt="" width="360" height="200" />
    </>
  );
}

function sortIn(text: string | null): Sort {
  return text !== null && Object.hasOwn(SORTS, text) ? (text as Sort) : 'name';
}

function Goods({ wanted }: { wanted: Search }) {
  const {
    data,
    error,
    isPending,
    isPlaceholderData,
    hasNextPage,
    isFetchingNextPage,
    fetchNextPage,
    refetch,
  } = useInfiniteQuery(goodsQuery(wanted));
  const products = data?.pages.flatMap((page) => page.products) ?? [];
  const found =
    data === undefined || isPlaceholderData ? undefined : foundText(products.length, wanted, hasNextPage);
  const [said, setSaid] = useState<string>();
  useEffect(() => {
    // The first list is what the page itself is about; changes of it are worth saying.
    if (found !== undefined && found !== said) {
      setSaid(found);
      if (said !== undefined) {
        announce(found);
      }
    }
  }, [found, said]);
  if (error !== null && data === undefined) {
    return <Trouble error={error} what="The goods cannot be shown" onRetry={() => void refetch()} />;
  }
  return (
    <section aria-label="Goods">
      <p className="found">{found ?? ' '}</p>
      <ul className="wares" aria-busy={isPending || isPlaceholderData}>
        {isPending
          ? PLACES.map((place) => <ProductCardSkeleton key={place} />)
          : products.map((product, i) => (
              <ProductCard key={product.item_id} product={product} isFirst={i < FIRST_CARDS} />
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
            {isFetchingNextPage ? 'Loading …' : 'Load more goods'}
          </button>
        </p>
      )}
    </section>
  );
}

function foundText(count: number, { search, category }: Search, hasMore: boolean): string {
  const where = category === '' ? '' : ` in ${category}`;
  const what = search === '' ? '' : ` for “${search}”`;
  if (count === 0) {
    return search === ''
      ? `There is nothing to buy${where} yet. Come back soon.`
      : `Nothing was found${what}${where}. Try fewer or other words.`;
  }
  return `${hasMore ? 'The first ' : ''}${plural(count, 'product')}${what}${where}`;
}
