import { brokerAddress, databaseAddress } from '../../shared/service/config';

const reasons = (parsed: { success: boolean; error?: { issues: { message: string }[] } }) =>
  parsed.error?.issues.map(({ message }) => message);

test.each([
  'postgresql://order:secret@db:5432/order',
  'postgresql://db/order?sslmode=disable',
  'postgresql://db/order?sslmode=verify-full',
  `postgresql://db/order?sslmode=verify-full&sslrootcert=${__filename}`,
])('a database may be at %s', (address) => {
  expect(databaseAddress.safeParse(address)).toMatchObject({ success: true });
});

test.each([
  ...['require', 'prefer', 'allow', 'verify-ca', 'no-verify'].map((mode) => `sslmode=${mode}`),
  'ssl=no-verify',
  'ssl=true',
  'sslmode=verify-full&ssl=no-verify',
  'sslmode=verify-full&sslmode=no-verify',
  `sslrootcert=${__filename}`,
])('%s is refused, because it does not make sure who the server is', (parameters) => {
  const parsed = databaseAddress.safeParse(`postgresql://db/order?${parameters}`);
  expect(reasons(parsed)).toEqual([
    'must have sslmode=verify-full, or nothing about SSL where the network is trusted',
  ]);
});

test('an authority of the broker is refused in an address without TLS', () => {
  const parsed = brokerAddress.safeParse(`amqp://broker?cacertfile=${__filename}`);
  expect(reasons(parsed)).toEqual([
    'has a cacertfile, so it must begin with amqps://: amqp:// is without TLS',
  ]);
});

test('an address that names an authority which cannot be read is refused', () => {
  const database = databaseAddress.safeParse(
    'postgresql://db/order?sslmode=verify-full&sslrootcert=/does/not/exist.crt',
  );
  expect(reasons(database)).toEqual(['names a file in its parameter sslrootcert that cannot be read']);
  const broker = brokerAddress.safeParse('amqps://broker?cacertfile=/does/not/exist.crt');
  expect(reasons(broker)).toEqual(['names a file in its parameter cacertfile that cannot be read']);
  expect(brokerAddress.safeParse(`amqps://broker?cacertfile=${__filename}`).success).toBe(true);
});

test('what is no address at all is refused with an example', () => {
  expect(reasons(databaseAddress.safeParse('order-db'))?.[0]).toMatch(/must be an address such as/);
  expect(reasons(brokerAddress.safeParse('rabbitmq'))?.[0]).toMatch(/must be an address such as/);
});
