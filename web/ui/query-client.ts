import { QueryClient } from '@tanstack/react-query';
import { Refused } from '../client/answers';

const RETRIES = 3;

/** What is read again by itself is what the shop could not answer, and not what it refused. */
export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 5_000,
      retry: (failures, error) => failures < RETRIES && !(error instanceof Refused && !error.isBusy),
    },
  },
});
