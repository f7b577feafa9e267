import { type CheckoutName, serviceOfPath } from '../../shared/services';
import { type Gateway, openGateway } from '../support/gateway';
import { findFailures } from './hostile/find-failures';
import { FRAMING } from './hostile/framing';
import type { HttpInput } from './hostile/raw-socket';
import { REQUESTS, ROUTES } from './hostile/requests';
import { SLOW } from './hostile/slow';
import { Target } from './hostile/target';

/** Hostile clients against real processes. They use raw sockets, because no HTTP client would send most of this. */
const FAMILIES: Record<string, HttpInput[]> = { ...FRAMING, ...REQUESTS, ...SLOW };

let target: Target;
let gateway: Gateway;
beforeAll(async () => {
  target = await Target.open();
  gateway = await openGateway(target.shop);
});
afterAll(async () => {
  await gateway.close();
  await target.close();
});

const atService = ({ to }: HttpInput) =>
  Number(new URL(target.shop.one(serviceOfPath(`/${to}`) as CheckoutName).url).port);
const atGateway = () => gateway.port;

describe.each(Object.entries(FAMILIES))('%s', (_, inputs) => {
  test.each([
    ['a service', atService],
    ['the gateway', atGateway],
  ])(
    `%s refuses all ${inputs.length} with 4xx; they change nothing and end no process`,
    async (_, portOf) => {
      const before = await target.readTables();
      expect(await findFailures(target, inputs, portOf)).toEqual([]);
      expect(await target.readTables()).toEqual(before);
      await target.assertHealthy();
      expect(gateway.process.exitCode ?? gateway.process.signalCode).toBeNull();
    },
  );
});

test('every route with parameters is tried', async () => {
  const routes = await Promise.all(target.shop.replicas.map(({ url }) => routesOf(url)));
  expect([...ROUTES].sort()).toEqual(routes.flat().sort());
});

async function routesOf(url: string): Promise<string[]> {
  const answer = await fetch(`${url}/openapi.json`);
  const { paths } = (await answer.json()) as { paths: Record<string, object> };
  return Object.entries(paths)
    .filter(([path]) => path.includes('{'))
    .flatMap(([path, methods]) => Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`));
}
