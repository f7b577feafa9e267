import { serviceNames } from '../../shared/services';
import { home, type Ports, type Replicas } from '../support/layout';
import { demoPeople } from './demo-people';
import type { AccessMode } from './settings';

interface Facts {
  access: AccessMode;
  host: string;
  ports: Ports;
  replicas: Replicas;
  postgres: { url(database: string): string; dataDir: string };
  rabbit: { amqpUrl: string; description: string };
}

/** Returns all addresses, and commands for a first checkout that need nothing but curl. */
export function welcome({ access, host, ports, replicas, postgres, rabbit }: Facts): string {
  const shop = `http://localhost:${ports.gateway}`;
  // Browsers send cookies to all ports of a host: under another name of it, one can be logged in as another person.
  const admin = `http://127.0.0.1:${ports.pages('admin')}`;
  const { buyer, shopkeeper } = demoPeople();
  const running = serviceNames.filter((name) => replicas[name] > 0);
  const services = running.map((name) => {
    const numbers = Array.from({ length: replicas[name] }, (_, replica) => ports.service(name, replica));
    return `  ${name.padEnd(10)} ${numbers.map((port) => `http://localhost:${port}`).join('  ')}`;
  });
  const internal = running.map((name) => {
    const numbers = Array.from({ length: replicas[name] }, (_, replica) => ports.internal(name, replica));
    return `${name} ${numbers.join(' ')}`;
  });
  const databases = running.map((name) => `  ${''.padEnd(10)} ${postgres.url(name)}`);
  const broker = new URL(rabbit.amqpUrl);
  if (broker.password !== 'guest') {
    // Whoever runs the shop knows the password of a broker that AMQP_URL names; whoever looks at the screen need not.
    broker.password = '';
  }
  return `
${access === 'open' ? WHO_OPEN : WHO_REQUIRED}${host === '127.0.0.1' ? ', and only programs on this machine can reach it.' : `. Whoever reaches ${host} can reach it.`}

  storefront ${shop}   buyers:  ${buyer.email}
  admin      ${admin}   staff:   ${shopkeeper.email}, a shopkeeper who may give credit
             The password of both is ${buyer.password}

  API        ${shop}   (described at ${shop}/openapi.json)
${services.join('\n')}
  internal   ${internal.join(', ')}   (ports for /metrics and /readyz)
  PostgreSQL ${postgres.dataDir}
${databases.join('\n')}
  RabbitMQ   ${broker}  (${rabbit.description})
  logs       ${home}/log

For a first checkout, paste this into another terminal${access === 'open' ? '' : ', in this folder'}:

${(access === 'open' ? firstCheckout(shop) : firstCheckoutSignedIn(shop)).trim().replaceAll(/^/gm, '  ')}

${access === 'open' ? 'Or run "npm run demo" to see a small shop at work. ' : ''}Press Ctrl-C here to stop everything; the data is kept.
`;
}

const WHO_OPEN = 'Chandlery is running. Its API lets whoever reaches it do everything';
const WHO_REQUIRED = 'Chandlery is running. People log in, and tokens say who may do what';

const ID = `id() { grep -o '[0-9a-f-]\\{36\\}'; }`;

function firstCheckout(shop: string): string {
  return `
${ID}
user=$(curl -sX POST ${shop}/payment/create_user | id)
item=$(curl -sX POST ${shop}/stock/item/create/5 | id)
order=$(curl -sX POST ${shop}/orders/create/$user | id)
curl -X POST ${shop}/payment/add_funds/$user/100; echo
curl -X POST ${shop}/stock/add/$item/10; echo
curl -X POST ${shop}/orders/addItem/$order/$item/2; echo
curl -X POST ${shop}/orders/checkout/$order; echo`;
}

/** The buyer is the shopkeeper and the operator, too: otherwise there would be nothing to buy, and no credit to buy with. */
function firstCheckoutSignedIn(shop: string): string {
  return `
${ID}
person='{"email":"me@example.com","password":"a long password"}'
send() { curl -s -X "$1" -H 'Content-Type: application/json' -H "Authorization: Bearer $token" "\${@:3}" ${shop}$2; }
login() { send POST /account/login -d "$person" | grep -o '"'$1'":"[^"]*' | cut -d'"' -f4; }
send POST /account/register -d "$person"; echo
token=$(login session)
me=$(send GET /account/me | id)
npm run --silent accounts -- set-roles $me shopkeeper operator --reason "a first look"
token=$(login access_token)
user=$(send POST /payment/create_user | id)
item=$(send POST /stock/item/create/5 | id)
order=$(send POST /orders/create/$user | id)
send POST /payment/add_funds/$user/100; echo
send POST /stock/add/$item/10; echo
send POST /orders/addItem/$order/$item/2; echo
send POST /orders/checkout/$order; echo`;
}
