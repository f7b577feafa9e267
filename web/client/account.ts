import { must, Refused } from './answers';
import { api } from './index';
import { enter, leave, type Person, session } from './session';
import { setToken } from './token';

/** @throws Refused, NoAnswer */
export async function logIn(email: string, password: string): Promise<Person> {
  setToken(await must(api.POST('/account/login', { body: { email, password } })));
  const person = await must(api.GET('/account/me'));
  enter(person);
  return person;
}

/** @throws Refused, NoAnswer */
export async function register(given: { email: string; password: string; name?: string }): Promise<Person> {
  await must(api.POST('/account/register', { body: given }));
  return logIn(given.email, given.password);
}

/** Whoever wants to log out is logged out here at once. The session itself ends when the shop hears of it. */
export async function logOut(): Promise<void> {
  try {
    await must(api.POST('/account/logout'));
  } finally {
    leave({ ended: false });
  }
}

/** Finds out who is logged in, when a page has just been opened. */
export async function restoreSession(): Promise<void> {
  if (session.get().is !== 'unknown') {
    return;
  }
  try {
    enter(await must(api.GET('/account/me')));
  } catch (error) {
    if (error instanceof Refused) {
      leave({ ended: true });
    } else {
      // Nothing is known, so the next page asks again.
      session.set({ is: 'out', ended: false });
    }
  }
}
