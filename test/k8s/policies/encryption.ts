import { type Container, environment, type Manifest, type Overlay, ofKind, workloads } from '../manifests';
import type { Policy } from './pods';
import { secretsOf } from './secrets';

interface Database {
  certificates?: { serverTLSSecret?: string; serverCASecret?: string };
  postgresql: { pg_hba?: string[] };
}
interface Broker {
  tls?: { disableNonTLSListeners?: boolean };
  rabbitmq: { envConfig?: string };
}
interface Scrapes {
  podMetricsEndpoints: {
    port: string;
    scheme?: string;
    tlsConfig?: { serverName?: string; ca?: object; insecureSkipVerify?: boolean };
  }[];
}
interface Scaled {
  triggers: { type: string; metadata: { tls?: string; queueName?: string } }[];
}
interface Authentication {
  secretTargetRef: { parameter: string }[];
}
interface Certified {
  dnsNames: string[];
  secretName: string;
}

/** Who may vouch for a server: where all our pods have the authority. */
const AUTHORITY = '/etc/chandlery/authority/ca.crt';

/** Servers refuse who does not speak TLS, and the nodes of the broker speak it to each other. */
export const plaintextRefused: Policy = (manifests) => [
  ...ofKind<Database>(manifests, 'Cluster')
    .filter(({ spec }) => spec.postgresql.pg_hba?.[0] !== 'hostnossl all all all reject')
    .map(({ metadata }) => `${metadata.name}: lets in who does not speak TLS`),
  ...ofKind<Broker>(manifests, 'RabbitmqCluster').flatMap(({ metadata, spec }) => [
    ...(spec.tls?.disableNonTLSListeners === true
      ? []
      : [`${metadata.name}: lets in who does not speak TLS`]),
    ...(spec.rabbitmq.envConfig?.includes('-proto_dist inet_tls') === true
      ? []
      : [`${metadata.name}: its nodes copy events without TLS`]),
  ]),
  ...plainServers(manifests).flatMap(({ name, pod, files }) => {
    const refuses =
      name === 'StatefulSet/rabbitmq'
        ? /^listeners\.tcp = none$/m.test(files['tls.conf'] ?? '')
        : pod.containers[0]?.args?.includes('-chba_file=/etc/postgres/access/pg_hba.conf') &&
          /^hostssl /m.test(files['pg_hba.conf'] ?? '') &&
          !/^host(?!ssl)/m.test(files['pg_hba.conf'] ?? '');
    return refuses ? [] : [`${name}: lets in who does not speak TLS`];
  }),
];

/** Returns the servers that no operator runs, with the files that they are given. */
function plainServers(manifests: readonly Manifest[]) {
  const maps = new Map(ofKind(manifests, 'ConfigMap').map(({ metadata, data }) => [metadata.name, data]));
  return workloads(manifests)
    .filter(({ kind }) => kind === 'StatefulSet')
    .map(({ name, pod }) => ({
      name,
      pod,
      files: Object.assign(
        {},
        ...(pod.volumes ?? []).map(({ configMap }) => maps.get(configMap?.name ?? '')),
      ) as Record<string, string>,
    }));
}

/** Every address of a server says TLS, and who may vouch for the server; and every pod that has such an address knows them. */
export const serversVerified =
  (overlay: Overlay): Policy =>
  (manifests) => [
    ...[...secretsOf(overlay, manifests)].flatMap(([secret, keys]) =>
      [...keys].filter(([, text]) => isUnverified(text)).map(([key]) => `${secret}/${key}: is not verified`),
    ),
    ...workloads(manifests).flatMap(({ name, kind, labels, pod }) => {
      const container = pod.containers[0] as Container;
      const settings = environment(manifests, container);
      const knows = container.volumeMounts?.some(({ mountPath }) => AUTHORITY.startsWith(`${mountPath}/`));
      return [
        // The pages speak to no server.
        ...(knows || kind === 'StatefulSet' || labels['app.kubernetes.io/component'] === 'pages'
          ? []
          : [`${name}: does not know the authority`]),
        ...(settings.DATA_SOURCE_URI === undefined ||
        (settings.TLS === `sslmode=verify-full&sslrootcert=${AUTHORITY}` &&
          settings.DATA_SOURCE_URI.endsWith('&$(TLS)'))
          ? []
          : [`${name}: does not verify its database`]),
        ...(settings.RABBIT_API_URL === undefined ||
        (settings.RABBIT_API_URL.startsWith('https:') && settings.NODE_EXTRA_CA_CERTS === AUTHORITY)
          ? []
          : [`${name}: does not verify the broker`]),
      ];
    }),
    ...ofKind<Scrapes>(manifests, 'PodMonitor')
      .filter(({ metadata }) => metadata.name === 'rabbitmq')
      .flatMap(({ spec }) => spec.podMetricsEndpoints)
      .filter(
        ({ scheme, tlsConfig: { serverName, ca, insecureSkipVerify = false } = {} }) =>
          scheme !== 'https' || serverName !== 'rabbitmq' || ca === undefined || insecureSkipVerify,
      )
      .map(({ port }) => `PodMonitor/rabbitmq: does not verify who answers at ${port}`),
    ...ofKind<Scaled>(manifests, 'ScaledObject').flatMap(({ metadata, spec }) =>
      spec.triggers
        .filter((trigger) => trigger.type === 'rabbitmq' && trigger.metadata.tls !== 'enable')
        .map((trigger) => `ScaledObject/${metadata.name}: counts ${trigger.metadata.queueName} without TLS`),
    ),
    ...ofKind<Authentication>(manifests, 'TriggerAuthentication')
      .filter(({ spec }) => !spec.secretTargetRef.some(({ parameter }) => parameter === 'ca'))
      .map(({ metadata }) => `TriggerAuthentication/${metadata.name}: does not know the authority`),
  ];

const isUnverified = (text: string) =>
  (text.startsWith('postgresql:') && !text.endsWith(`?sslmode=verify-full&sslrootcert=${AUTHORITY}`)) ||
  text.startsWith('amqp:') ||
  (text.startsWith('amqps:') && !text.endsWith(`?cacertfile=${AUTHORITY}`));

/** Each host in an address of a server is in the certificate that the server gets. */
export const serversCertified =
  (overlay: Overlay): Policy =>
  (manifests) => {
    const secrets = secretsOf(overlay, manifests);
    const certificates = ofKind<Certified>(manifests, 'Certificate').map(({ spec }) => spec);
    const named = (secret = '') => [
      ...(certificates.find(({ secretName }) => secretName === secret)?.dnsNames ?? []),
      ...(secrets.get(secret)?.get('tls.crt') ?? '').split(' ').slice(1),
    ];
    const faults = (server: string, hosts: readonly string[], secret: string | undefined) =>
      hosts
        .filter((host) => !named(secret).includes(host))
        .map((host) => `${server}: its certificate is not for ${host}`);
    return [
      ...ofKind<Database>(manifests, 'Cluster').flatMap(({ metadata: { name }, spec }) => [
        ...faults(name, [`${name}-rw`], spec.certificates?.serverTLSSecret),
        ...(spec.certificates?.serverCASecret === spec.certificates?.serverTLSSecret
          ? []
          : [`${name}: another authority than its own`]),
      ]),
      ...ofKind(manifests, 'RabbitmqCluster').flatMap(({ metadata: { name, namespace } }) =>
        faults(name, [name, `${name}.${namespace}.svc`, `*.${name}-nodes.${namespace}`], 'rabbitmq-tls'),
      ),
      ...plainServers(manifests).flatMap(({ name, pod }) => {
        const server = name.replace('StatefulSet/', '');
        const secret = pod.volumes?.find((volume) => volume.secret)?.secret?.secretName;
        const hosts = server === 'rabbitmq' ? [server, `${server}.chandlery.svc`] : [`${server}-rw`];
        return faults(server, hosts, secret);
      }),
    ];
  };

interface TowardsClients {
  readonly headers?: {
    readonly lateResponseHeaders?: { readonly set?: { readonly name: string; readonly value: string }[] };
  };
}
const YEAR_S = 365 * 24 * 3_600;

/** Strict Transport Security, RFC 6797. */
export const tlsRemembered: Policy = (manifests) =>
  ofKind<TowardsClients>(manifests, 'ClientTrafficPolicy').flatMap(({ metadata, spec }) => {
    const header = spec.headers?.lateResponseHeaders?.set?.find(
      ({ name }) => name === 'Strict-Transport-Security',
    );
    return Number(/^max-age=(\d+)$/.exec(header?.value ?? '')?.[1]) >= YEAR_S
      ? []
      : [`ClientTrafficPolicy/${metadata.name}: browsers may forget that there is TLS`];
  });
