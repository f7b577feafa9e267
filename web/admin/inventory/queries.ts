import { infiniteQueryOptions, keepPreviousData, queryOptions } from '@tanstack/react-query';
import { must } from '../../client/answers';
import { api } from '../../client/index';
import type { StockedProduct } from '../../client/types';

/** Others in the shop change it, too, and buyers take from it. */
const WATCHED_MS = 5_000;

export const inventoryQuery = (search: string) =>
  infiniteQueryOptions({
    queryKey: ['inventory', search],
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam, signal }) =>
      must(
        api.GET('/catalog/inventory', {
          params: {
            query: {
              limit: 50,
              ...(search !== '' && { search }),
              ...(pageParam !== undefined && { cursor: pageParam }),
            },
          },
          signal,
        }),
      ),
    getNextPageParam: ({ next_cursor }) => next_cursor ?? undefined,
    placeholderData: keepPreviousData,
    refetchInterval: WATCHED_MS,
  });

/** Products whose names or descriptions have words that begin like these. */
export const likeQuery = (search: string) =>
  queryOptions({
    queryKey: ['inventory', 'like', search],
    enabled: search !== '',
    placeholderData: keepPreviousData,
    queryFn: async ({ signal }) =>
      (await must(api.GET('/catalog/inventory', { params: { query: { search, limit: 20 } }, signal })))
        .products,
  });

const MAX_PAGES = 100;

/** A product that buyers may not see. It is found in the list, because only the list shows what is hidden. */
export const stockedQuery = (itemId: string) =>
  queryOptions({
    queryKey: ['inventory', 'one', itemId],
    async queryFn({ signal }): Promise<StockedProduct | null> {
      let cursor: string | undefined;
      for (let page = 0; page < MAX_PAGES; page++) {
        const query = { limit: 100, ...(cursor !== undefined && { cursor }) };
        const { products, next_cursor } = await must(
          api.GET('/catalog/inventory', { params: { query }, signal }),
        );
        const found = products.find(({ item_id }) => item_id === itemId);
        if (found !== undefined || next_cursor === null) {
          return found ?? null;
        }
        cursor = next_cursor;
      }
      return null;
    },
  });
