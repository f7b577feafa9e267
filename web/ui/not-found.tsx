import { Link } from 'react-router';
import { Page } from './page';

export function NotFound() {
  return (
    <Page title="There is no such page">
      <div className="stack">
        <p>The address may have been misspelled, or the page has moved.</p>
        <p>
          <Link to="/" className="main">
            Go to the first page
          </Link>
        </p>
      </div>
    </Page>
  );
}
