import { serviceOfPath } from '../../shared/services';
import { FRAMING } from './hostile/framing';
import { type Gateway, openGateway } from './hostile/gateway';
import { complaint, type HttpInput, play } from './hostile/raw-socket';
import { REQUESTS, ROUTES } from './hostile/requests';
import { SLOW } from './hostile/slow';
import { Target } from './hostile/target';

/** Hostile clients against real processes, over sockets of their own, because no HTTP client would send most of this. */
const FAMILIES: Record<string, HttpInput[]> = { ...FRAMING, ...REQUESTS, ...SLOW };
const AT_ONCE = 25;

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

/** Plays all inputs, some at a time, and returns what was wrong with the answers. */
async function complaintsOf(
  inputs: readonly HttpInput[],
  portOf: (input: HttpInput) => number,
): Promise<string[]> {
  const complaints: string[] = [];
  const queue = [...inputs];
  const client = async () => {
    for (let input = queue.shift(); input !== undefined; input = queue.shift()) {
      const acts = input.acts.map((act) => (typeof act === 'string' ? target.aimed(act) : act));
      const wrong = complaint(input, await play(portOf(input), acts));
      if (wrong !== undefined) {
        complaints.push(`${input.name}: ${wrong}`);
      }
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, client));
  return complaints;
}

const atService = ({ to }: HttpInput) =>
  Number(new URL(target.shop.of(serviceOfPath(`/${to}`))[0]?.url ?? '').port);
const atGateway = () => gateway.port;

describe.each(Object.entries(FAMILIES))('%s', (_, inputs) => {
  test.each([
    ['a service', atService],
    ['the gateway', atGateway],
  ])(
    `${inputs.length} of them are refused by %s with 4xx, change nothing and end no process`,
    async (_, portOf) => {
      const before = await target.everything();
      expect(await complaintsOf(inputs, portOf)).toEqual([]);
      expect(await target.everything()).toEqual(before);
      await target.isWell();
      expect(gateway.process.exitCode ?? gateway.process.signalCode).toBeNull();
    },
  );
});

test('every route that has parameters is among those tried', async () => {
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
