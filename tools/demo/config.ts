import { z } from 'zod';
import { readConfig } from '../../shared/service/config';
import { rememberedPort } from '../support/layout';

/** Where the demo finds the shop, unless it is told by its arguments. */
export const demoConfig = () =>
  readConfig(
    z.object({ SHOP_URL: z.url({ protocol: /^https?$/ }).default(`http://localhost:${rememberedPort()}`) }),
  );
