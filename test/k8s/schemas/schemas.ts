import { execFile, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { root } from '../../../shared/root';
import { type Manifest, nameOf } from '../manifests';
import { ownSchemas } from './own';

const run = promisify(execFile);

/** Which package knows the schemas of a group: they are made from what the API server itself goes by. */
const packages: Record<string, string> = {
  'cert-manager.io': '@kubernetes-models/cert-manager',
  'gateway.envoyproxy.io': '@kubernetes-models/envoy-gateway',
  'gateway.networking.k8s.io': '@kubernetes-models/gateway-api',
  'keda.sh': '@kubernetes-models/keda',
  'monitoring.coreos.com': '@kubernetes-models/prometheus-operator',
  'postgresql.cnpg.io': '@kubernetes-models/cloudnative-pg',
};

const ownSchemaOf = ({ apiVersion, kind }: Manifest) => ownSchemas[`${apiVersion}/${kind}`];

/** Where the model of a manifest's kind is; whatever no package has is looked for in Kubernetes' own, and missed there. */
function modelOf({ apiVersion, kind }: Manifest): string {
  const group = apiVersion.includes('/') ? (apiVersion.split('/')[0] ?? '') : '';
  return `${packages[group] ?? 'kubernetes-models'}/${apiVersion}/${kind}`;
}

/** What is wrong with manifests by the schemas of their kinds: with values, and with names that no schema has. */
export async function schemaFaults(all: readonly Manifest[]): Promise<string[]> {
  const known = all.filter((manifest) => !ownSchemaOf(manifest));
  const [values, names] = await Promise.all([wrongValues(known), unknownNames(all)]);
  return [...values, ...names, ...all.flatMap(ownFaults)];
}

async function wrongValues(all: readonly Manifest[]): Promise<string[]> {
  const child = spawn(process.execPath, [join(root, 'test/k8s/schemas/validate.mjs')], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  child.stdin.end(JSON.stringify(all.map((manifest) => ({ model: modelOf(manifest), manifest }))));
  return JSON.parse(await text(child.stdout)) as string[];
}

/**
 * The schemas let a misspelt name pass, and the API server drops it without a word. TypeScript does not: each manifest
 * becomes a constant of its kind's type.
 */
async function unknownNames(all: readonly Manifest[]): Promise<string[]> {
  const lines = all.flatMap((manifest) =>
    ownSchemaOf(manifest)
      ? overrideOf(manifest)
      : [declaration(manifest, typeFrom(modelOf(manifest), `I${manifest.kind}`), manifest)],
  );
  const cache = join(root, 'node_modules/.cache');
  mkdirSync(cache, { recursive: true });
  // Next to the packages, so that they are found.
  const folder = mkdtempSync(join(cache, 'manifests-'));
  try {
    const file = join(folder, 'manifests.ts');
    writeFileSync(file, `${lines.join('\n')}\nexport {};\n`);
    const options = ['--noEmit', '--strict', '--skipLibCheck', '--target', 'es2023', '--module', 'nodenext'];
    const alone = ['--types', '', '--pretty', 'false', '--ignoreConfig'];
    await run(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), ...options, ...alone, file]);
    return [];
  } catch (error) {
    const { stdout = '' } = error as { stdout?: string };
    if (!stdout.includes('error TS')) {
      throw error;
    }
    return stdout
      .split('\n')
      .filter((line) => line.includes('error TS'))
      .map((line) => line.replace(/^.*\((\d+),\d+\): error TS\d+/, (_, at) => nameAt(lines, Number(at))));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const typeFrom = (model: string, type: string) =>
  `import('${model}', { with: { 'resolution-mode': 'import' } }).${type}`;

/** One line each, so that the line of an error says whose it is. */
const declaration = ({ kind, metadata }: Manifest, type: string, value: unknown) =>
  `/* ${kind}/${metadata.name} */ { const it: ${type} = ${JSON.stringify(value)}; void it; }`;

const nameAt = (lines: readonly string[], at: number) =>
  /^\/\* (\S+) /.exec(lines[at - 1] ?? '')?.[1] ?? `line ${at}`;

/** What a RabbitmqCluster lays over the pods that its operator makes. */
function overrideOf(manifest: Manifest): string[] {
  const { override } = manifest.spec as {
    override?: { statefulSet?: { spec?: { template?: { spec?: unknown } } } };
  };
  const pod = override?.statefulSet?.spec?.template?.spec;
  const type = `Partial<${typeFrom('kubernetes-models/v1/PodSpec', 'IPodSpec')}>`;
  return pod === undefined ? [] : [declaration(manifest, type, pod)];
}

function ownFaults(manifest: Manifest): string[] {
  const issues = ownSchemaOf(manifest)?.safeParse(manifest.spec).error?.issues ?? [];
  return issues.map(({ path, message }) => `${nameOf(manifest)}: ${path.join('.')}: ${message}`);
}
