import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { root } from '../../../../shared/root';
import { imagesOfMonitoring } from '../images/names';
import { monitoringVersions } from '../programs/monitoring';

/**
 * What kube-prometheus-stack would ask the Prometheus Operator for. The chart itself cannot be had, so its part is written
 * by hand here: names, defaults, and what it makes of our values in helm-config.
 */

export const RELEASE = 'kube-prometheus-stack';
export const NAMESPACE = 'monitoring';

type Kind = 'podMonitor' | 'serviceMonitor' | 'rule' | 'probe' | 'scrapeConfig';
const KINDS: readonly Kind[] = ['podMonitor', 'serviceMonitor', 'rule', 'probe', 'scrapeConfig'];
type Flag = `${Kind}SelectorNilUsesHelmValues`;
type Fields = Record<string, unknown>;

interface Values {
  prometheus: { prometheusSpec: Partial<Record<Flag, boolean>> & { storageSpec?: Fields } & Fields };
  alertmanager: { alertmanagerSpec: Fields };
  prometheusOperator: { resources: Fields };
}

export function readValues(): Values {
  return parse(readFileSync(join(root, `helm-config/${RELEASE}.yaml`), 'utf8')) as Values;
}

/** Returns the objects that the operator turns into Prometheus and Alertmanager. */
export function monitoringResources({ prometheus, alertmanager }: Values): object[] {
  const { storageSpec, ...others } = prometheus.prometheusSpec;
  const spec = Object.fromEntries(
    Object.entries(others).filter(([name]) => !name.endsWith('SelectorNilUsesHelmValues')),
  );
  return [
    resource('Prometheus', 'prometheus', {
      ...(storageSpec && { storage: storageSpec }),
      ...selectors(prometheus.prometheusSpec),
      alerting: {
        alertmanagers: [
          { namespace: NAMESPACE, name: `${RELEASE}-alertmanager`, port: 'http-web', apiVersion: 'v2' },
        ],
      },
      ...spec,
    }),
    resource('Alertmanager', 'alertmanager', alertmanager.alertmanagerSpec),
  ];
}

function resource(kind: string, name: keyof typeof monitoringVersions, spec: Fields): object {
  return {
    apiVersion: 'monitoring.coreos.com/v1',
    kind,
    metadata: { name: `${RELEASE}-${name}`, namespace: NAMESPACE },
    spec: {
      image: imagesOfMonitoring[name]?.image,
      imagePullPolicy: 'Never',
      version: monitoringVersions[name],
      replicas: 1,
      portName: 'http-web',
      serviceAccountName: `${RELEASE}-${name}`,
      // No user of these images has a name, so numbers are needed.
      securityContext: {
        ...{ runAsUser: 1000, runAsGroup: 2000, fsGroup: 2000, runAsNonRoot: true },
        seccompProfile: { type: 'RuntimeDefault' },
      },
      ...spec,
    },
  };
}

/** By default the chart selects what has the label of its release, and otherwise everything, in all namespaces. */
function selectors(flags: Partial<Record<Flag, boolean>>): Fields {
  return Object.fromEntries(
    KINDS.flatMap((kind) => [
      [
        `${kind}Selector`,
        flags[`${kind}SelectorNilUsesHelmValues`] === false ? {} : { matchLabels: { release: RELEASE } },
      ],
      [`${kind}NamespaceSelector`, {}],
    ]),
  );
}
