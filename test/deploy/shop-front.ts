import { openAccount } from '../support/account';
import { openGateway } from '../support/gateway';
import { ShopProcesses } from '../support/shop';

export interface ShopFront {
  url: string;
  close(): Promise<void>;
}

/** Opens a real shop behind the local gateway. */
export async function openShopFront(): Promise<ShopFront> {
  const shop = await ShopProcesses.open();
  const gateway = await openGateway(shop);
  return {
    url: gateway.url,
    async close() {
      await gateway.close();
      await shop.close();
    },
  };
}

/** Like openShopFront, for a shop where people log in. */
export async function openShopFrontWithAccounts(): Promise<ShopFront> {
  const account = await openAccount();
  const shop = await ShopProcesses.open({
    env: { all: { ACCESS: 'required', AUTH_ISSUER: account.issuer } },
  });
  const gateway = await openGateway(shop, { account });
  return {
    url: gateway.url,
    async close() {
      await gateway.close();
      await shop.close();
      await account.close();
    },
  };
}
