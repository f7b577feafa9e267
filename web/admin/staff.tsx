import { useQueryClient } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { logOut } from '../client/account';
import { type Session, session } from '../client/session';
import { announce } from '../ui/announce';
import { LogInForm } from '../ui/log-in-form';
import { Notice } from '../ui/notice';
import { Page } from '../ui/page';
import { useStore } from '../ui/use-store';

/** Whether the menu is of use. The services decide by themselves what somebody may do. */
export const isStaff = (now: Session): boolean =>
  now.is === 'in' && now.person.roles.some((role) => role === 'shopkeeper' || role === 'operator');

export function StaffOnly({ children }: { children: ReactNode }) {
  const now = useStore(session);
  if (isStaff(now)) {
    return children;
  }
  if (now.is === 'unknown') {
    return (
      <Page title="Loading …">
        <span className="skeleton text-block" />
      </Page>
    );
  }
  return now.is === 'in' ? (
    <Page title="Not for this account" look="narrow">
      <Notice tone="careful" title={`${now.person.email} does not work in the shop`}>
        <p>
          These pages are for the shop’s staff. Log out and use another account, or ask an operator to make
          this one a shopkeeper’s.
        </p>
      </Notice>
    </Page>
  ) : (
    <Page title="Log in" look="narrow">
      <div className="stack">
        <p className="soft">These pages are for the shop’s staff.</p>
        <div className="card">
          <LogInForm onDone={({ name }) => announce(`You are logged in as ${name}.`)} />
        </div>
      </div>
    </Page>
  );
}

export function LogOut() {
  const queries = useQueryClient();
  const leave = async () => {
    await logOut().catch(() => {});
    queries.clear();
    announce('You are logged out.');
  };
  return (
    <button type="button" onClick={() => void leave()}>
      Log out
    </button>
  );
}
