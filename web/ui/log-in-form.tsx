import { useMutation } from '@tanstack/react-query';
import { logIn } from '../client/account';
import { Refused } from '../client/answers';
import type { Person } from '../client/session';
import { Field } from './field';
import { Notice } from './notice';
import { adviceFor } from './trouble';

export function LogInForm({ onDone }: { onDone(person: Person): void }) {
  const entering = useMutation({
    mutationFn: ({ email, password }: { email: string; password: string }) => logIn(email, password),
    onSuccess: onDone,
  });
  return (
    <form
      className="form"
      onSubmit={(event) => {
        event.preventDefault();
        const given = new FormData(event.currentTarget);
        entering.mutate({ email: String(given.get('email')), password: String(given.get('password')) });
      }}
    >
      {entering.isError && (
        <Notice tone="bad" title="You are not logged in">
          <p>{reasonOf(entering.error)}</p>
        </Notice>
      )}
      <Field label="E-mail address" name="email" type="email" autoComplete="username" required />
      <Field label="Password" name="password" type="password" autoComplete="current-password" required />
      <button type="submit" className="main" disabled={entering.isPending}>
        {entering.isPending ? 'Logging in …' : 'Log in'}
      </button>
    </form>
  );
}

function reasonOf(error: unknown): string {
  return error instanceof Refused && error.reason === 'wrong_credentials'
    ? 'The e-mail address or the password is wrong. Look at both, and try again.'
    : adviceFor(error);
}
