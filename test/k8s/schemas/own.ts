import { z } from 'zod';

/**
 * Schemas of kinds that no package has a schema for. They follow the operators' references and cover only what the
 * manifests here use. A name that is missing here is either a mistake, or has to be looked up and added.
 */
const quantity = z.string().regex(/^\d+(\.\d+)?(m|Ki|Mi|Gi|Ti)?$/);
const resources = z.strictObject({
  requests: z.strictObject({ cpu: quantity, memory: quantity }),
  limits: z.strictObject({ cpu: quantity, memory: quantity }),
});
const secretKey = z.strictObject({ name: z.string(), key: z.string() });
const compression = z.enum(['gzip', 'bzip2', 'snappy']);

/** https://github.com/rabbitmq/cluster-operator/wiki/API_Reference#rabbitmqclusterspec */
const rabbitmqCluster = z.strictObject({
  replicas: z.int().min(1),
  image: z.string(),
  terminationGracePeriodSeconds: z.int().min(0),
  persistence: z.strictObject({ storageClassName: z.string().optional(), storage: quantity }),
  resources,
  rabbitmq: z.strictObject({
    additionalConfig: z.string().max(2_000),
    additionalPlugins: z.array(z.string()).optional(),
    advancedConfig: z.string().max(100_000).optional(),
    envConfig: z.string().max(100_000).optional(),
  }),
  tls: z.strictObject({
    secretName: z.string().optional(),
    caSecretName: z.string().optional(),
    disableNonTLSListeners: z.boolean().optional(),
  }),
  affinity: z.strictObject({
    podAntiAffinity: z.strictObject({
      requiredDuringSchedulingIgnoredDuringExecution: z.array(
        z.strictObject({
          topologyKey: z.string(),
          labelSelector: z.strictObject({ matchLabels: z.record(z.string(), z.string()) }),
        }),
      ),
    }),
  }),
  override: z.strictObject({
    statefulSet: z.strictObject({
      spec: z.strictObject({ template: z.strictObject({ spec: z.looseObject({}) }) }),
    }),
  }),
});

/** https://cloudnative-pg.io/plugin-barman-cloud/docs/plugin-barman-cloud.v1/ */
const objectStore = z.strictObject({
  retentionPolicy: z.string().regex(/^[1-9]\d*[dwm]$/),
  configuration: z.strictObject({
    destinationPath: z.string().regex(/^s3:\/\/[a-z0-9.-]+\//),
    endpointURL: z.url().optional(),
    s3Credentials: z.strictObject({ accessKeyId: secretKey, secretAccessKey: secretKey }),
    wal: z.strictObject({ compression, maxParallel: z.int().min(1).optional() }),
    data: z.strictObject({ compression }),
  }),
  instanceSidecarConfiguration: z.strictObject({ resources }),
});

export const ownSchemas: Readonly<Record<string, z.ZodType>> = {
  'rabbitmq.com/v1beta1/RabbitmqCluster': rabbitmqCluster,
  'barmancloud.cnpg.io/v1/ObjectStore': objectStore,
};
