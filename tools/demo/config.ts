import { z } from 'zod';
import { readConfig } from '../../shared/service/config';
import { rememberedShop } from '../support/layout';

/** The address of the shop if there is no --url. */
export const demoConfig = () =>
  readConfig(
    z.object({
      SHOP_URL: z.url({ protocol: /^https?$/ }).default(`http://localhost:${rememberedShop().port}`),
    }),
  );
