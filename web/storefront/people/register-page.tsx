import { useMutation } from '@tanstack/react-query';
import type { FormEvent } from 'react';
import { Link } from 'react-router';
import { register } from '../../client/account';
import { Refused } from '../../client/answers';
import { announce } from '../../ui/announce';
import { Field } from '../../ui/field';
import { Notice } from '../../ui/notice';
import { Page } from '../../ui/page';
import { adviceFor } from '../../ui/trouble';
import { useNext } from './next';

/** As the shop wants it. */
const MIN_PASSWORD_LENGTH = 12;

export function RegisterPage() {
  const { go, search } = useNext();
  const registering = useMutation({
    mutationFn: register,
    onSuccess({ name }) {
      announce(`Welcome, ${name}. You are logged in.`);
      go();
    },
  });
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const given = new FormData(event.currentTarget);
    const [email, password, name] = ['email', 'password', 'name'].map((field) =>
      String(given.get(field)).trim(),
    ) as [string, string, string];
    registering.mutate({ email, password, ...(name !== '' && { name }) });
  };
  return (
    <Page title="Make an account" look="narrow">
      <div className="stack">
        <form className="form card" onSubmit={submit}>
          {registering.isError && (
            <Notice tone="bad" title="You are not logged in">
              <p>{reasonOf(registering.error)}</p>
            </Notice>
          )}
          <Field
            label="Your name"
            name="name"
            autoComplete="name"
            maxLength={100}
            hint="So that we can greet you. You may leave it out."
          />
          <Field label="E-mail address" name="email" type="email" autoComplete="username" required />
          <Field
            label="Password"
            name="password"
            type="password"
            autoComplete="new-password"
            required
            minLength={MIN_PASSWORD_LENGTH}
            maxLength={128}
            hint={`At least ${MIN_PASSWORD_LENGTH} characters. A few words that you can remember are fine.`}
          />
          <button type="submit" className="main" disabled={registering.isPending}>
            {registering.isPending ? 'Making your account …' : 'Make the account'}
          </button>
        </form>
        <p>
          You have an account? <Link to={{ pathname: '/log-in', search }}>Log in</Link>.
        </p>
      </div>
    </Page>
  );
}

/** The shop tells nobody whose addresses it knows, so it is the login that fails for an address that is taken. */
function reasonOf(error: unknown): string {
  return error instanceof Refused && error.reason === 'wrong_credentials'
    ? 'Somebody has an account with this address already. If it is yours, log in with its password.'
    : adviceFor(error);
}
