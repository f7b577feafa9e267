import { useQuery } from '@tanstack/react-query';
import { must } from '../../client/answers';
import { api } from '../../client/index';
import { session } from '../../client/session';
import { useStore } from '../../ui/use-store';

/** Whoever is logged in, or undefined. */
export function usePerson() {
  const now = useStore(session);
  return now.is === 'in' ? now.person : undefined;
}

/** The till knows a buyer once they have been there. Going there again changes nothing. */
export async function goToTill(user_id: string): Promise<void> {
  await must(api.POST('/payment/create_user', { params: { query: { user_id } } }));
}

export const creditKey = (user_id: string | undefined) => ['credit', user_id];

/** The credit of whoever is logged in; undefined as long as it is not known. */
export function useCredit(): number | undefined {
  const person = usePerson();
  const { data } = useQuery({
    queryKey: creditKey(person?.user_id),
    enabled: person !== undefined,
    async queryFn() {
      const user_id = person?.user_id ?? '';
      await goToTill(user_id);
      return must(api.GET('/payment/find_user/{user_id}', { params: { path: { user_id } } }));
    },
  });
  return data?.credit;
}
