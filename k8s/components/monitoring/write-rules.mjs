// rules/ is in Prometheus' own form, which promtool, Docker Compose and editors understand; the operator in a cluster wants
// the same inside a PrometheusRule. This writes prometheus-rules.yaml from rules/, or with --check tells whether it is so.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';

const here = import.meta.dirname;
const target = join(here, 'prometheus-rules.yaml');

function manifest(file) {
  const text = readFileSync(join(here, 'rules', file), 'utf8').trimEnd();
  const lines = text.split('\n');
  const comment = lines.filter((line) => line.startsWith('#'));
  const rules = lines.filter((line) => !line.startsWith('#'));
  const name = basename(file, '.yaml');
  return `${comment.join('\n')}
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata:
  name: chandlery-${name}
  labels:
    release: kube-prometheus-stack
    app.kubernetes.io/name: chandlery-${name}
    app.kubernetes.io/instance: chandlery
    app.kubernetes.io/component: monitoring
spec:
${rules.map((line) => (line === '' ? '' : `  ${line}`)).join('\n')}
`;
}

const files = readdirSync(join(here, 'rules')).filter((file) => file.endsWith('.yaml'));
const wanted = `# Written by "node k8s/components/monitoring/write-rules.mjs" from rules/: edit those.\n${files.sort().map(manifest).join('---\n')}`;
if (!process.argv.includes('--check')) writeFileSync(target, wanted);
else if (readFileSync(target, 'utf8') !== wanted) {
  console.error(
    'prometheus-rules.yaml is not what rules/ says. Run "node k8s/components/monitoring/write-rules.mjs".',
  );
  process.exitCode = 1;
}
