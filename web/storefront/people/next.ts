import { useLocation, useNavigate, useSearchParams } from 'react-router';

/** Where somebody goes who has logged in: where they came from, which is always a page of this shop. */
export function useNext(): { go(): void; search: string } {
  const [parameters] = useSearchParams();
  const navigate = useNavigate();
  const { search } = useLocation();
  const wanted = parameters.get('next') ?? '/';
  const next = /^\/(?![/\\])/.test(wanted) ? wanted : '/';
  return { go: () => void navigate(next, { replace: true }), search };
}
