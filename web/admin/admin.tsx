import { NavLink, Route, Routes } from 'react-router';
import { session } from '../client/session';
import { NotFound } from '../ui/not-found';
import { Shell } from '../ui/shell';
import { useStore } from '../ui/use-store';
import { CreditPage } from './credit/credit-page';
import { EditPage } from './inventory/edit-page';
import { InventoryPage } from './inventory/inventory-page';
import { AllOrdersPage } from './orders/all-orders-page';
import { RestockPage } from './restock/restock-page';
import { isStaff, LogOut, StaffOnly } from './staff';

export function Admin() {
  return (
    <Shell label="Admin" navigation={<Navigation />}>
      <StaffOnly>
        <Routes>
          <Route index element={<InventoryPage />} />
          <Route path="restock" element={<RestockPage />} />
          <Route path="products/:id" element={<EditPage />} />
          <Route path="all-orders" element={<AllOrdersPage />} />
          <Route path="credit" element={<CreditPage />} />
          <Route path="*" element={<NotFound />} />
        </Routes>
      </StaffOnly>
    </Shell>
  );
}

const PAGES = [
  ['/', 'Inventory'],
  ['/restock', 'Insert or restock'],
  ['/all-orders', 'Orders'],
  ['/credit', 'Credit'],
] as const;

function Navigation() {
  const now = useStore(session);
  return (
    <nav className="menu" aria-label="Main">
      <ul>
        {isStaff(now) &&
          PAGES.map(([path, name]) => (
            <li key={path}>
              <NavLink to={path} end>
                {name}
              </NavLink>
            </li>
          ))}
        {now.is === 'in' && (
          <>
            <li className="who">
              <span className="unseen">Logged in as </span>
              {now.person.name}
            </li>
            <li>
              <LogOut />
            </li>
          </>
        )}
      </ul>
    </nav>
  );
}
