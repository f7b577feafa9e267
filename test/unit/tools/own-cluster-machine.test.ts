import { commandEnvironment } from '../../cluster/own/inside';

/** What a cluster of our own makes of the machine that it runs on. */

test('no program in the network of the cluster is sent to a proxy of the machine', () => {
  const proxies = { HTTPS_PROXY: 'http://proxy:3128', http_proxy: 'http://proxy:3128', NO_PROXY: '*' };
  Object.assign(process.env, proxies);
  try {
    const environment = commandEnvironment();
    expect(Object.keys(environment).filter((name) => name in proxies)).toEqual([]);
    expect(environment.HOME).toBe(process.env.HOME);
  } finally {
    for (const name of Object.keys(proxies)) {
      delete process.env[name];
    }
  }
});
