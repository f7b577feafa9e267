import type { ReactNode } from 'react';
import { Link } from 'react-router';
import { type Person, session } from '../../client/session';
import { useStore } from '../../ui/use-store';

interface MustLogInProps {
  /** Where one comes back to. */
  readonly next: string;
  children(person: Person): ReactNode;
}

/** What only somebody who is logged in can see. */
export function MustLogIn({ next, children }: MustLogInProps) {
  const now = useStore(session);
  if (now.is === 'in') {
    return children(now.person);
  }
  if (now.is === 'unknown') {
    return <span className="skeleton text-block" />;
  }
  return (
    <div className="stack">
      <p>{now.ended ? 'You have been logged out.' : 'This is only for you.'} Log in to see it.</p>
      <p>
        <Link to={`/log-in?next=${encodeURIComponent(next)}`} className="main">
          Log in
        </Link>
      </p>
    </div>
  );
}
