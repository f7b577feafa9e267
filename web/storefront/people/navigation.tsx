import { useQueryClient } from '@tanstack/react-query';
import { NavLink, useNavigate } from 'react-router';
import { logOut } from '../../client/account';
import { session } from '../../client/session';
import { announce } from '../../ui/announce';
import { useStore } from '../../ui/use-store';
import { credits, plural } from '../../ui/words';
import { basket, unitsOf } from '../basket/basket';
import { useCredit } from './credit';

export function Navigation() {
  const units = unitsOf(useStore(basket));
  const { is } = useStore(session);
  return (
    <nav className="menu" aria-label="Main">
      <ul>
        <li>
          <NavLink to="/" end>
            Goods
          </NavLink>
        </li>
        <li>
          <NavLink to="/basket">
            Basket
            {units > 0 && (
              <>
                <span className="count" aria-hidden="true">
                  {units}
                </span>
                <span className="unseen">with {plural(units, 'unit')}</span>
              </>
            )}
          </NavLink>
        </li>
        {is === 'in' && <LoggedIn />}
        {is === 'out' && (
          <li>
            <NavLink to="/log-in">Log in</NavLink>
          </li>
        )}
      </ul>
    </nav>
  );
}

function LoggedIn() {
  const credit = useCredit();
  const queries = useQueryClient();
  const navigate = useNavigate();
  const now = useStore(session);
  const leave = async () => {
    await logOut().catch(() => {});
    queries.clear();
    announce('You are logged out.');
    navigate('/');
  };
  return (
    <>
      <li>
        <NavLink to="/my-orders">My orders</NavLink>
      </li>
      <li className="who">
        <span className="unseen">Logged in as </span>
        {now.is === 'in' && now.person.name}
        {credit !== undefined && (
          <>
            {', '}
            <b className="number">{credits(credit)}</b>
          </>
        )}
      </li>
      <li>
        <button type="button" onClick={() => void leave()}>
          Log out
        </button>
      </li>
    </>
  );
}
