import type { ReactNode } from 'react';
import { Link } from 'react-router';
import { apiHost, pageHost } from '../client/served-by';
import { Announcer } from './announce';
import { useStore } from './use-store';

interface ShellProps {
  /** Whose pages these are, if they are not for everybody. */
  readonly label?: string;
  readonly navigation: ReactNode;
  readonly children: ReactNode;
}

/** What is around every page. */
export function Shell({ label, navigation, children }: ShellProps) {
  return (
    <>
      <a className="skip" href="#content">
        Skip to the content
      </a>
      <ServedBy />
      <header className="masthead">
        <div className="masthead-row">
          <Link to="/" className="brand">
            <img src="/logo.svg" alt="" width="36" height="36" />
            <span>
              Chandlery
              {label !== undefined && <span className="brand-label">{label}</span>}
            </span>
          </Link>
          {navigation}
        </div>
      </header>
      {children}
      <footer className="foot">
        <p>Chandlery sells ship chandler’s goods for credits. It is a demonstration: nothing is shipped.</p>
      </footer>
      <Announcer />
    </>
  );
}

/** Several hosts may serve the same shop. Here one sees which of them did. */
function ServedBy() {
  const answered = useStore(apiHost);
  return (
    <aside className="served-by" aria-label="Hosts">
      <span>
        Page from <b>{pageHost}</b>
      </span>
      <span>
        Data from <b>{answered ?? '…'}</b>
      </span>
    </aside>
  );
}
