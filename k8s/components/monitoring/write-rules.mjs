// rules/ has Prometheus' own format, which promtool, Docker Compose and editors understand; the operator in a cluster wants
// the same rules inside a PrometheusRule. This script writes prometheus-rules.yaml from rules/, and copies the address of
// the runbooks from settings.json into rules and dashboards. With --check it writes nothing, and fails when a file is out
// of date.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';

const here = import.meta.dirname;
const read = (file) => readFileSync(join(here, file), 'utf8');
const filesIn = (folder) => readdirSync(join(here, folder)).map((file) => `${folder}/${file}`);
const { runbooks } = JSON.parse(read('settings.json'));

function rules(file) {
  return read(file).replace(/(?<=runbook_url: )\S+(?=\/\w+\.md)/g, runbooks);
}

/** Replaces text, so that the rest of the file stays as Grafana exported it. */
function dashboard(file) {
  const text = read(file);
  const { query } = JSON.parse(text).templating.list.find(({ name }) => name === 'runbooks');
  return text.replaceAll(JSON.stringify(query), JSON.stringify(runbooks));
}

function manifest(file) {
  const lines = rules(file).trimEnd().split('\n');
  const comment = lines.filter((line) => line.startsWith('#'));
  const groups = lines.filter((line) => !line.startsWith('#'));
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
${groups.map((line) => (line === '' ? '' : `  ${line}`)).join('\n')}
`;
}

const ruleFiles = filesIn('rules')
  .filter((file) => file.endsWith('.yaml'))
  .sort();
const wanted = {
  ...Object.fromEntries(ruleFiles.map((file) => [file, rules(file)])),
  ...Object.fromEntries(filesIn('dashboards').map((file) => [file, dashboard(file)])),
  'prometheus-rules.yaml': `# Written by "node k8s/components/monitoring/write-rules.mjs" from rules/: edit those.\n${ruleFiles.map(manifest).join('---\n')}`,
};
const stale = Object.keys(wanted).filter((file) => read(file) !== wanted[file]);
if (!process.argv.includes('--check')) {
  for (const file of stale) {
    writeFileSync(join(here, file), wanted[file]);
  }
} else if (stale.length > 0) {
  console.error(
    `${stale.join(', ')}: out of date with rules/ and settings.json. Run "node k8s/components/monitoring/write-rules.mjs".`,
  );
  process.exitCode = 1;
}
