import type { Route } from '../../../shared/http/route';
import type { AccountHttp } from './account-http';
import { discovery, keySet } from './discovery';
import { createKey, listKeys, revokeKey } from './keys';
import { login } from './login';
import { changePassword, deleteAccount } from './own-account';
import { register } from './register';
import { findAccount, setRoles } from './roles';
import { endSession, listSessions, logout, me } from './sessions';
import { token } from './token';

export function routes(options: AccountHttp): Route[] {
  return [
    register(options),
    login(options),
    logout(options),
    token(options),
    me(options),
    listSessions(options),
    endSession(options),
    changePassword(options),
    deleteAccount(options),
    discovery(options),
    keySet(options),
    findAccount(options),
    setRoles(options),
    createKey(options),
    listKeys(options),
    revokeKey(options),
  ];
}
