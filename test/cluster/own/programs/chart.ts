import { cpSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Go } from './go';
import { fileOf, gatewayModule, versions } from './modules';
import { operatorFiles } from './monitoring';

/**
 * What deploy-to-cluster.sh would take from charts: Envoy Gateway's chart lies in its Go module, and the definitions of
 * the Prometheus Operator in its own.
 */

const besideHelm = (name: string) => join(fileOf('helm'), '..', name);
export const gatewayChart = () => besideHelm('gateway-chart');
export const monitoringDefinitions = () => join(fileOf('prometheus-operator'), '../definitions');
/** The image of Envoy that Envoy Gateway starts, by its tag and its digest. */
export const envoyImage = () => readFileSync(besideHelm('envoy-image'), 'utf8').trim();
export const gatewayImage = `docker.io/envoyproxy/gateway:v${versions.gateway}`;

/** @param into the folder of the programs, before it is moved to its place */
export async function copyGatewayParts(into: string, go: Go): Promise<void> {
  const gateway = await download(gatewayModule, go);
  const chart = join(into, 'gateway-chart');
  cpSync(join(gateway, 'charts/gateway-helm'), chart, { recursive: true });
  const values = join(chart, 'values.yaml');
  if (!existsSync(values)) {
    writeFileSync(values, valuesOf(readFileSync(join(chart, 'values.tmpl.yaml'), 'utf8')));
  }
  const types = readFileSync(join(gateway, 'api/v1alpha1/shared_types.go'), 'utf8');
  writeFileSync(join(into, 'envoy-image'), envoyImageIn(types));
}

/** @param into the folder of the programs, before it is moved to its place */
export async function copyMonitoringDefinitions(into: string, go: Go): Promise<void> {
  const operator = await download(operatorFiles, go);
  cpSync(join(operator, 'example/prometheus-operator-crd'), join(into, 'definitions'), { recursive: true });
}

async function download(module: string, go: Go): Promise<string> {
  return (JSON.parse(await go('mod', 'download', '-json', module)) as { Dir: string }).Dir;
}

/** Fills in what a release of Envoy Gateway fills in. */
export function valuesOf(template: string): string {
  const known: Record<string, string> = {
    GatewayImage: gatewayImage,
    GatewayImagePullPolicy: 'IfNotPresent',
  };
  return template.replace(/\$\{(\w+)\}/g, (_, name: string) => {
    const value = known[name];
    if (value === undefined) {
      throw new Error(
        `The chart of Envoy Gateway needs a value for ${name}: add it to test/cluster/own/programs/chart.ts.`,
      );
    }
    return value;
  });
}

export function envoyImageIn(source: string): string {
  const [, image] = /\bDefaultEnvoyProxyImage\s*=\s*"([^"]+)"/.exec(source) ?? [];
  if (image === undefined) {
    throw new Error(
      'Envoy Gateway names no image of Envoy where it used to: see test/cluster/own/programs/chart.ts.',
    );
  }
  return image;
}
