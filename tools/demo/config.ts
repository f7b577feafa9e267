import { z } from 'zod';
import { readConfig } from '../../shared/service/config';
import { rememberedPort } from '../support/layout';

/** Where the demo looks for the shop when its arguments do not say. */
export const demoConfig = () =>
  readConfig(
    z.object({ SHOP_URL: z.url({ protocol: /^https?$/ }).default(`http://localhost:${rememberedPort()}`) }),
  );
