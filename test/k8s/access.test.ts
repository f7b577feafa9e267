import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { root } from '../../shared/root';
import { serviceNames } from '../../shared/services';
import { renderKustomization } from '../support/kustomize';
import { type Manifest, ofKind } from './manifests';

test('the names of the shop and of the way in for staff are written down once', async () => {
  const copy = mkdtempSync(join(tmpdir(), 'chandlery-names-'));
  cpSync(join(root, 'k8s'), join(copy, 'k8s'), { recursive: true });
  const rename = (file: string, from: string, to: string) => {
    const path = join(copy, 'k8s', file);
    writeFileSync(path, readFileSync(path, 'utf8').replace(`dnsNames: [${from}]`, `dnsNames: [${to}]`));
  };
  rename('overlays/production/entry/certificate.yaml', 'shop.example', 'shop.test');
  rename('overlays/production/entry/staff.yaml', 'staff.shop.example', 'staff.shop.test');
  const text = await renderKustomization(join(copy, 'k8s/overlays/production'));
  rmSync(copy, { recursive: true });
  const manifests = parseAllDocuments(text).map((document) => document.toJS() as Manifest);

  const issuers = ofKind(manifests, 'ConfigMap').flatMap(({ data }) => data?.AUTH_ISSUER ?? []);
  expect(issuers).toEqual(Array(serviceNames.length).fill('https://shop.test/account'));
  const routes = ofKind<{ hostnames: string[]; parentRefs: { name: string }[] }>(manifests, 'HTTPRoute');
  const hosts = new Set(routes.map(({ spec }) => `${spec.parentRefs[0]?.name}: ${spec.hostnames}`));
  expect(hosts).toEqual(new Set(['chandlery: shop.test', 'staff: staff.shop.test']));
  expect(text).not.toContain('shop.example');
});
