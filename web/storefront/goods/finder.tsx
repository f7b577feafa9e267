import { useQuery } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { Link, useSearchParams } from 'react-router';
import { categoriesQuery, type Search, SORTS } from './queries';

/** Longer than a pause between two keys. */
const TYPED_MS = 250;
const MAX_SEARCH = 100;

/** What is looked for is in the address, so that it can be sent to somebody, and so that "back" leads back to it. */
export function Finder({ wanted }: { wanted: Search }) {
  const [, setParameters] = useSearchParams();
  const [text, setText] = useState(wanted.search);
  useEffect(() => setText(wanted.search), [wanted.search]);
  const change = (name: keyof Search, value: string) =>
    setParameters(
      (before) => {
        const after = new URLSearchParams(before);
        after.delete(name);
        if (value !== '') {
          after.set(name, value);
        }
        return after;
      },
      { replace: true, preventScrollReset: true },
    );
  // biome-ignore lint/correctness/useExhaustiveDependencies: only what is typed starts the wait.
  useEffect(() => {
    const trimmed = text.trim();
    if (trimmed === wanted.search) {
      return;
    }
    const timer = setTimeout(() => change('search', trimmed), TYPED_MS);
    return () => clearTimeout(timer);
  }, [text]);
  return (
    <>
      <search className="finder">
        <div className="field">
          <label htmlFor="search">Search</label>
          <input
            id="search"
            type="search"
            autoComplete="off"
            maxLength={MAX_SEARCH}
            placeholder="Lantern, rope …"
            value={text}
            onChange={({ target }) => setText(target.value)}
          />
        </div>
        <div className="field">
          <label htmlFor="sort">Sort by</label>
          <select
            id="sort"
            value={wanted.sort}
            onChange={({ target }) => change('sort', target.value === 'name' ? '' : target.value)}
          >
            {Object.entries(SORTS).map(([sort, label]) => (
              <option key={sort} value={sort}>
                {label}
              </option>
            ))}
          </select>
        </div>
      </search>
      <Categories chosen={wanted.category} />
    </>
  );
}

function Categories({ chosen }: { chosen: string }) {
  const { data } = useQuery(categoriesQuery);
  const [parameters] = useSearchParams();
  const linkTo = (category: string) => {
    const after = new URLSearchParams(parameters);
    after.delete('category');
    if (category !== '') {
      after.set('category', category);
    }
    return { pathname: '/', search: after.toString() };
  };
  return (
    <nav aria-label="Categories">
      <ul className="chips">
        {['', ...(data ?? []).map(({ name }) => name)].map((name) => (
          <li key={name}>
            <Link to={linkTo(name)} aria-current={name === chosen ? 'true' : undefined}>
              {name === '' ? 'Everything' : name}
            </Link>
          </li>
        ))}
      </ul>
    </nav>
  );
}
