import type { GoModule } from './go-module';

/** What watches the shop: the programs that kube-prometheus-stack would start, except for Grafana. */

const OPERATOR = '0.85.0';
const PROMETHEUS = '3.16.0';
/** Newer ones need files for their pages that are not in the module. */
const ALERTMANAGER = '0.28.1';
export const monitoringVersions = {
  operator: OPERATOR,
  prometheus: PROMETHEUS,
  alertmanager: ALERTMANAGER,
};

const operatorModule = 'github.com/prometheus-operator/prometheus-operator';
/** It has the definitions of its kinds, too. */
export const operatorFiles = `${operatorModule}@v${OPERATOR}`;

const versionOf = (version: string) => ({ 'github.com/prometheus/common/version.Version': version });

export const monitoringModules: readonly GoModule[] = [
  {
    name: 'prometheus-operator',
    requires: {
      [operatorModule]: `v${OPERATOR}`,
      'github.com/prometheus/alertmanager': `v${ALERTMANAGER}`,
    },
    files: [operatorFiles],
    goMod: ['go 1.26.0'],
    programs: [
      {
        name: 'prometheus-operator',
        package: `${operatorModule}/cmd/operator`,
        minutes: 5,
        variables: versionOf(OPERATOR),
      },
      {
        name: 'prometheus-config-reloader',
        package: `${operatorModule}/cmd/prometheus-config-reloader`,
        minutes: 0.5,
        variables: versionOf(OPERATOR),
      },
      {
        name: 'alertmanager',
        package: 'github.com/prometheus/alertmanager/cmd/alertmanager',
        minutes: 0.5,
        variables: versionOf(ALERTMANAGER),
      },
    ],
  },
  {
    name: 'prometheus',
    requires: { 'github.com/prometheus/prometheus': `v0.${moduleVersion(PROMETHEUS)}` },
    goMod: ['go 1.26.7'],
    programs: [
      {
        name: 'prometheus',
        package: 'github.com/prometheus/prometheus/cmd/prometheus',
        minutes: 4,
        variables: versionOf(PROMETHEUS),
        // Without the clients of clouds, which would take most of the time. Pods are all that is looked for here.
        tags: ['remove_all_sd', 'enable_kubernetes_sd'],
      },
    ],
  },
];

/** The Go module of Prometheus 3.16.0 is v0.316.0. */
function moduleVersion(version: string): string {
  const [major, minor = '', patch] = version.split('.');
  return `${major}${minor.padStart(2, '0')}.${patch}`;
}
