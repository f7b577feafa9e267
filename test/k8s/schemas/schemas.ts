import { execFile, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { root } from '../../../shared/root';
import { type Manifest, nameOf } from '../manifests';
import { ownSchemas } from './own';

const run = promisify(execFile);

/** The package with the schemas of a group. They are generated from what the API server itself checks. */
const packages: Record<string, string> = {
  'cert-manager.io': '@kubernetes-models/cert-manager',
  'gateway.envoyproxy.io': '@kubernetes-models/envoy-gateway',
  'gateway.networking.k8s.io': '@kubernetes-models/gateway-api',
  'keda.sh': '@kubernetes-models/keda',
  'monitoring.coreos.com': '@kubernetes-models/prometheus-operator',
  'postgresql.cnpg.io': '@kubernetes-models/cloudnative-pg',
};

const ownSchemaOf = ({ apiVersion, kind }: Manifest) => ownSchemas[`${apiVersion}/${kind}`];

/** Returns the path of a manifest's model. Kinds that no package has are looked for in Kubernetes' own, and missing there. */
function modelOf({ apiVersion, kind }: Manifest): string {
  const group = apiVersion.includes('/') ? (apiVersion.split('/')[0] ?? '') : '';
  return `${packages[group] ?? 'kubernetes-models'}/${apiVersion}/${kind}`;
}

/** Returns what is wrong with manifests according to their schemas: wrong values, and names that no schema has. */
export async function schemaFaults(manifests: readonly Manifest[]): Promise<string[]> {
  const known = manifests.filter((manifest) => !ownSchemaOf(manifest));
  const [values, names] = await Promise.all([wrongValues(known), unknownNames(manifests)]);
  return [...values, ...names, ...manifests.flatMap(ownFaults)];
}

async function wrongValues(manifests: readonly Manifest[]): Promise<string[]> {
  const child = spawn(process.execPath, [join(root, 'test/k8s/schemas/validate.mjs')], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  child.stdin.end(JSON.stringify(manifests.map((manifest) => ({ model: modelOf(manifest), manifest }))));
  return JSON.parse(await text(child.stdout)) as string[];
}

/**
 * The schemas accept a misspelt name, and the API server silently drops it. TypeScript rejects it, so each manifest
 * becomes a constant of its kind's type.
 */
async function unknownNames(manifests: readonly Manifest[]): Promise<string[]> {
  const lines = manifests.flatMap((manifest) =>
    ownSchemaOf(manifest)
      ? overrideOf(manifest)
      : [declaration(manifest, typeFrom(modelOf(manifest), `I${manifest.kind}`), manifest)],
  );
  const cache = join(root, 'node_modules/.cache');
  mkdirSync(cache, { recursive: true });
  // Next to the packages, so that TypeScript finds them.
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

/** One line per manifest, so that the line number of an error tells which manifest it is about. */
const declaration = ({ kind, metadata }: Manifest, type: string, value: unknown) =>
  `/* ${kind}/${metadata.name} */ { const manifest: ${type} = ${JSON.stringify(value)}; void manifest; }`;

const nameAt = (lines: readonly string[], at: number) =>
  /^\/\* (\S+) /.exec(lines[at - 1] ?? '')?.[1] ?? `line ${at}`;

/** Declares the part of a RabbitmqCluster that overrides the pods its operator makes. */
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
