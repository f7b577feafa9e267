import { Route, Routes } from 'react-router';
import { NotFound } from '../ui/not-found';
import { Shell } from '../ui/shell';
import { BasketPage } from './basket/basket-page';
import { CheckoutPage } from './checkout/checkout-page';
import { GoodsPage } from './goods/goods-page';
import { ProductPage } from './goods/product-page';
import { OrderPage } from './orders/order-page';
import { OrdersPage } from './orders/orders-page';
import { LogInPage } from './people/log-in-page';
import { Navigation } from './people/navigation';
import { RegisterPage } from './people/register-page';

/** No address of a page begins like one of the API: the gateway tells them apart by their first segment. */
export function Storefront() {
  return (
    <Shell navigation={<Navigation />}>
      <Routes>
        <Route index element={<GoodsPage />} />
        <Route path="products/:id" element={<ProductPage />} />
        <Route path="basket" element={<BasketPage />} />
        <Route path="checkout" element={<CheckoutPage />} />
        <Route path="my-orders" element={<OrdersPage />} />
        <Route path="my-orders/:id" element={<OrderPage />} />
        <Route path="log-in" element={<LogInPage />} />
        <Route path="register" element={<RegisterPage />} />
        <Route path="*" element={<NotFound />} />
      </Routes>
    </Shell>
  );
}
