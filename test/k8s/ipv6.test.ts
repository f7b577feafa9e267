import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { parseAllDocuments, stringify } from 'yaml';
import { root } from '../../shared/root';
import { renderKustomization } from '../support/kustomize';
import { type Manifest, manifestsOf, type Overlay, ofKind, overlays } from './manifests';
import { policiesOf } from './policies';
import { schemaFaults } from './schemas/schemas';

/** The component ipv6 with both overlays, as somebody has it who adds it to an overlay's list. */

const folders: string[] = [];
afterAll(() => folders.forEach((folder) => void rmSync(folder, { recursive: true })));

async function withIpv6(overlay: Overlay): Promise<Manifest[]> {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'chandlery-ipv6-')));
  folders.push(folder);
  const path = (name: string) => relative(folder, join(root, 'k8s', name));
  const kustomization = {
    resources: [path(`overlays/${overlay}`)],
    components: [path('components/ipv6')],
  };
  writeFileSync(join(folder, 'kustomization.yaml'), stringify(kustomization));
  return parseAllDocuments(await renderKustomization(folder)).map((document) => document.toJS() as Manifest);
}

interface Proxy {
  ipFamily?: string;
  provider: { kubernetes: { envoyService?: { type?: string; patch?: object } } };
}
const proxyOf = (manifests: readonly Manifest[]) => ofKind<Proxy>(manifests, 'EnvoyProxy')[0]?.spec;

test.each(overlays)(
  'with the component ipv6, gateway and broker of %s have both families',
  async (overlay) => {
    const [plain, changed] = [await manifestsOf(overlay), await withIpv6(overlay)];
    const patch = {
      type: 'JSONMerge',
      value: { spec: { ipFamilyPolicy: 'PreferDualStack', ipFamilies: [] } },
    };
    expect(proxyOf(changed)).toMatchObject({
      ipFamily: 'DualStack',
      // The laptop's gateway still gets no address from a cloud.
      provider: {
        kubernetes: { envoyService: { ...(overlay !== 'production' && { type: 'ClusterIP' }), patch } },
      },
    });
    expect(proxyOf(plain)?.ipFamily).toBeUndefined();

    // RabbitMQ's clients need no setting; its management and its metrics do.
    const broker = overlay === 'production' ? 'RabbitmqCluster' : 'StatefulSet';
    const isBroker = ({ kind, metadata }: Manifest) => kind === broker && metadata.name === 'rabbitmq';
    const settings = JSON.stringify(changed.find(isBroker)?.spec).replaceAll('\\', '').replaceAll(' ', '');
    const config = overlay === 'production' ? 'ssl_config' : 'tcp_config';
    for (const plugin of ['rabbitmq_management', 'rabbitmq_prometheus']) {
      expect(settings).toMatch(new RegExp(`${plugin},?\\[?\\{?${config},?\\[\\{ip,"::"\\}`));
    }

    const others = (manifests: readonly Manifest[]) =>
      manifests.filter((manifest) => manifest.kind !== 'EnvoyProxy' && !isBroker(manifest));
    const proxies = plain.filter(({ kind }) => kind === 'EnvoyProxy');
    expect(others(changed)).toHaveLength(plain.length - proxies.length - 1);
    expect(others(changed)).toEqual(others(plain));
    expect(await schemaFaults(changed)).toEqual([]);
    for (const policy of Object.values(policiesOf(overlay))) {
      expect(policy(changed)).toEqual([]);
    }
  },
);
