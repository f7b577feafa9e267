import { serviceNames } from '../../shared/services';
import { home, type Ports, type Replicas } from '../support/layout';

interface Facts {
  ports: Ports;
  replicas: Replicas;
  postgres: { url(database: string): string; dataDir: string };
  rabbit: { amqpUrl: string; description: string };
}

/** Returns all addresses, and commands for a first checkout that need nothing but curl. */
export function welcome({ ports, replicas, postgres, rabbit }: Facts): string {
  const shop = `http://localhost:${ports.gateway}`;
  const services = serviceNames.map((name) => {
    const numbers = Array.from({ length: replicas[name] }, (_, replica) => ports.service(name, replica));
    return `  ${name.padEnd(10)} ${numbers.map((port) => `http://localhost:${port}`).join('  ')}`;
  });
  const internal = serviceNames.map((name) => {
    const numbers = Array.from({ length: replicas[name] }, (_, replica) => ports.internal(name, replica));
    return `${name} ${numbers.join(' ')}`;
  });
  const databases = serviceNames.map((name) => `  ${''.padEnd(10)} ${postgres.url(name)}`);
  const broker = new URL(rabbit.amqpUrl);
  if (broker.password !== 'guest') {
    // Whoever runs the shop knows the password of a broker that AMQP_URL names; whoever looks at the screen need not.
    broker.password = '';
  }
  return `
Chandlery is running. It lets whoever reaches it do everything, and only programs on this machine can.

  shop       ${shop}   (API description: ${shop}/openapi.json)
${services.join('\n')}
  internal   ${internal.join(', ')}   (ports for /metrics and /readyz)
  PostgreSQL ${postgres.dataDir}
${databases.join('\n')}
  RabbitMQ   ${broker}  (${rabbit.description})
  logs       ${home}/log

For a first checkout, paste this into another terminal:

  id() { grep -o '[0-9a-f-]\\{36\\}'; }
  user=$(curl -sX POST ${shop}/payment/create_user | id)
  item=$(curl -sX POST ${shop}/stock/item/create/5 | id)
  order=$(curl -sX POST ${shop}/orders/create/$user | id)
  curl -X POST ${shop}/payment/add_funds/$user/100; echo
  curl -X POST ${shop}/stock/add/$item/10; echo
  curl -X POST ${shop}/orders/addItem/$order/$item/2; echo
  curl -X POST ${shop}/orders/checkout/$order; echo

Or run "npm run demo" to see a small shop at work. Press Ctrl-C here to stop everything; the data is kept.
`;
}
