import { keep, readKept, whenKeptElsewhere } from './kept';
import { createStore } from './store';
import { forgetToken } from './token';

export interface Person {
  readonly user_id: string;
  readonly email: string;
  readonly name: string;
  readonly roles: readonly string[];
}

/** Who is logged in. `ended` says that somebody was until a moment ago. */
export type Session =
  | { readonly is: 'unknown' }
  | { readonly is: 'out'; readonly ended: boolean }
  | { readonly is: 'in'; readonly person: Person };

/** Scripts cannot see the cookie, so a page remembers that there is one: strangers need not be asked about. */
const MARK = 'logged-in';

export const hasSession = (): boolean => readKept<boolean>(MARK) === true;

export const session = createStore<Session>(hasSession() ? { is: 'unknown' } : { is: 'out', ended: false });

export function enter(person: Person): void {
  keep(MARK, true);
  session.set({ is: 'in', person });
}

export function leave({ ended }: { ended: boolean }): void {
  keep(MARK, undefined);
  forgetToken();
  session.set({ is: 'out', ended });
}

whenKeptElsewhere(MARK, () => {
  if (!hasSession()) {
    leave({ ended: true });
  } else if (session.get().is === 'out') {
    location.reload();
  }
});
