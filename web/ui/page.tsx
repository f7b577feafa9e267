import { type ReactNode, useEffect, useRef } from 'react';
import { useLocation } from 'react-router';

interface PageProps {
  /** The heading, and what the browser calls the page. */
  readonly title: string;
  /** What stands beside the heading. */
  readonly aside?: ReactNode;
  /** Narrow for what is read or filled in from top to bottom; welcoming for the first page of a shop. */
  readonly look?: 'wide' | 'narrow' | 'welcoming';
  readonly children: ReactNode;
}

/** Whether this is not the page that the browser itself has just opened. */
let hasMoved = false;

/** The content of a page. Whoever follows a link lands on its heading, with the keyboard and with a screen reader, too. */
export function Page({ title, aside, look = 'wide', children }: PageProps) {
  const heading = useRef<HTMLHeadingElement>(null);
  const { pathname } = useLocation();
  useEffect(() => {
    document.title = title === 'Chandlery' ? title : `${title} · Chandlery`;
  }, [title]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another product's page is another page.
  useEffect(() => {
    if (hasMoved) {
      scrollTo(0, 0);
      heading.current?.focus({ preventScroll: true });
    }
    hasMoved = true;
  }, [pathname]);
  return (
    <main id="content" className={`page ${look}`}>
      <div className="page-head">
        <h1 ref={heading} tabIndex={-1}>
          {title}
        </h1>
        {aside}
      </div>
      {children}
    </main>
  );
}
