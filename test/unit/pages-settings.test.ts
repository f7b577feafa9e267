import { pages, pagesNames } from '../../shared/pages';
import { INTERNAL_PORTS } from '../../shared/services';
import { settings } from '../../web/server/src/config';

test.each(pagesNames)('%s listens on ports of its own unless others are set', (name) => {
  const { port } = pages[name];
  expect(settings.parse({ PAGES: name })).toMatchObject({ PORT: port, INTERNAL_PORT: port + INTERNAL_PORTS });
  const set = { PORT: 0, INTERNAL_PORT: 12_345 };
  expect(settings.parse({ PAGES: name, PORT: '0', INTERNAL_PORT: '12345' })).toMatchObject(set);
});
