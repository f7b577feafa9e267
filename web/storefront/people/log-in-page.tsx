import { Link } from 'react-router';
import { session } from '../../client/session';
import { announce } from '../../ui/announce';
import { LogInForm } from '../../ui/log-in-form';
import { Notice } from '../../ui/notice';
import { Page } from '../../ui/page';
import { useStore } from '../../ui/use-store';
import { useNext } from './next';

export function LogInPage() {
  const { go, search } = useNext();
  const now = useStore(session);
  return (
    <Page title="Log in" look="narrow">
      <div className="stack">
        {now.is === 'out' && now.ended && (
          <Notice tone="careful" title="You have been logged out">
            <p>Log in again to go on. Your basket is still here.</p>
          </Notice>
        )}
        <div className="card">
          <LogInForm
            onDone={({ name }) => {
              announce(`You are logged in as ${name}.`);
              go();
            }}
          />
        </div>
        <p>
          New here? <Link to={{ pathname: '/register', search }}>Make an account</Link>, which takes a minute.
        </p>
      </div>
    </Page>
  );
}
