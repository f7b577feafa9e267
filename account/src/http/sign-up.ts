import { APIError } from 'better-auth/api';
import type { AccountHttp } from './account-http';
import { writing } from './library';

/** Returns the id of the new account; undefined if somebody has the address already, which stays as it is. */
export function signUp(
  { auth, prisma }: Pick<AccountHttp, 'auth' | 'prisma'>,
  body: { email: string; password: string; name: string },
): Promise<string | undefined> {
  return writing(async () => {
    try {
      // For an address that is taken, the library makes up an id that nobody has.
      const { user } = await auth.api.signUpEmail({ body });
      return (await prisma.user.findUnique({ where: { id: user.id } }))?.id;
    } catch (error) {
      // Of two that ask for the same address at the same time, one gets it.
      const isRefused = error instanceof APIError && error.body?.code === 'FAILED_TO_CREATE_USER';
      if (isRefused && (await prisma.user.findUnique({ where: { email: body.email } })) !== null) {
        return undefined;
      }
      throw error;
    }
  });
}
