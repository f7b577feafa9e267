import { useMutation } from '@tanstack/react-query';
import { type FormEvent, useRef } from 'react';
import { must, Refused } from '../../client/answers';
import { api } from '../../client/index';
import { patiently } from '../../client/patiently';
import { Field } from '../../ui/field';
import { Notice } from '../../ui/notice';
import { Page } from '../../ui/page';
import { adviceFor } from '../../ui/trouble';
import { credits } from '../../ui/words';

const MAX_AMOUNT = 2_147_483_647;

interface Gift {
  readonly email: string;
  readonly amount: number;
  /** The same for a gift that is sent again because there was no answer. */
  readonly key: string;
}

/** Everything before the last request can be repeated, and that one counts once. */
async function give({ email, amount, key }: Gift): Promise<{ name: string; credit: number }> {
  const { user_id, name } = await patiently(() => must(api.POST('/account/find', { body: { email } })));
  const query = { user_id };
  await patiently(() => must(api.POST('/payment/create_user', { params: { query } })));
  const params = { path: { user_id, amount }, header: { 'Idempotency-Key': key } };
  const { credit } = await patiently(() =>
    must(api.POST('/payment/add_funds/{user_id}/{amount}', { params })),
  );
  return { name, credit };
}

export function CreditPage() {
  const key = useRef({ text: '', key: '' });
  const giving = useMutation({ mutationFn: give, onSuccess: () => (key.current = { text: '', key: '' }) });
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const [email, amount] = [String(form.get('email')).trim(), Number(form.get('amount'))];
    const text = `${email} ${amount}`;
    if (key.current.text !== text) {
      key.current = { text, key: crypto.randomUUID() };
    }
    giving.mutate({ email, amount, key: key.current.key });
  };
  return (
    <Page title="Add credit" look="narrow">
      <div className="stack">
        <p className="soft">
          Buyers pay with credit. Only operators can add to it, and it is written down who did.
        </p>
        <form className="form card" onSubmit={submit}>
          {giving.isSuccess && (
            <Notice tone="good" title="Added" takesFocus>
              <p>
                {giving.data.name} has {credits(giving.data.credit)} now.
              </p>
            </Notice>
          )}
          {giving.isError && (
            <Notice tone="bad" title="Nothing is known to have been added" takesFocus>
              <p>{adviceOf(giving.error)}</p>
            </Notice>
          )}
          <Field label="The buyer’s e-mail address" name="email" type="email" autoComplete="off" required />
          <Field label="How many credits" name="amount" type="number" min={1} max={MAX_AMOUNT} required />
          <button type="submit" className="main" disabled={giving.isPending}>
            {giving.isPending ? 'Adding …' : 'Add the credit'}
          </button>
        </form>
      </div>
    </Page>
  );
}

function adviceOf(error: unknown): string {
  if (error instanceof Refused && error.status === 403) {
    return 'Your account is not an operator’s. Ask an operator to add the credit.';
  }
  return error instanceof Refused && error.reason === 'unknown_user'
    ? 'Nobody has an account with this address. Look whether it is spelled right.'
    : adviceFor(error);
}
