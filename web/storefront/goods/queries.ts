import { infiniteQueryOptions, keepPreviousData, queryOptions } from '@tanstack/react-query';
import { must } from '../../client/answers';
import { api } from '../../client/index';
import type { Product } from '../../client/types';

export const SORTS = { name: 'Name', price: 'Lowest price', newest: 'Newest' } as const;
export type Sort = keyof typeof SORTS;

export interface Search {
  readonly search: string;
  readonly category: string;
  readonly sort: Sort;
}

/** How soon a quantity is asked for that the shop had not counted yet. */
const COUNTING_MS = 1_000;
/** How soon a product that somebody looks at is read again, and all of them: others buy meanwhile. */
const WATCHED_MS = 5_000;
const LIST_WATCHED_MS = 10_000;

const isCounting = (products: readonly Product[]) => products.some(({ quantity }) => quantity === null);

export const goodsQuery = ({ search, category, sort }: Search) =>
  infiniteQueryOptions({
    queryKey: ['goods', { search, category, sort }],
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam, signal }) =>
      must(
        api.GET('/catalog/products', {
          params: {
            query: {
              sort,
              ...(search !== '' && { search }),
              ...(category !== '' && { category }),
              ...(pageParam !== undefined && { cursor: pageParam }),
            },
          },
          signal,
        }),
      ),
    getNextPageParam: ({ next_cursor }) => next_cursor ?? undefined,
    placeholderData: keepPreviousData,
    refetchInterval: ({ state }) =>
      isCounting(state.data?.pages.flatMap(({ products }) => products) ?? []) ? COUNTING_MS : LIST_WATCHED_MS,
  });

export const categoriesQuery = queryOptions({
  queryKey: ['categories'],
  staleTime: 60_000,
  queryFn: async () => (await must(api.GET('/catalog/categories'))).categories,
});

export const productQuery = (item_id: string) =>
  queryOptions({
    queryKey: ['product', item_id],
    queryFn: () => must(api.GET('/catalog/products/{item_id}', { params: { path: { item_id } } })),
    refetchInterval: ({ state }) =>
      state.data !== undefined && isCounting([state.data]) ? COUNTING_MS : WATCHED_MS,
  });
