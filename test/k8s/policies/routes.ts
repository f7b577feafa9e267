import { ofKind } from '../manifests';
import type { Policy } from './pods';
import { addresses } from './references';

interface RouteSpec {
  parentRefs: { name: string; sectionName?: string }[];
  hostnames: string[];
  rules: {
    backendRefs?: { name: string; port: number }[];
    filters?: {
      type: string;
      requestRedirect?: { statusCode?: number };
      extensionRef?: { kind: string; name: string };
    }[];
  }[];
}
interface GatewaySpec {
  gatewayClassName: string;
  infrastructure?: { parametersRef?: { kind: string; name: string } };
  listeners: { name: string; hostname?: string; protocol: string }[];
}

/** Every route leads from a listener of the Gateway to a Service, under the listener's host name. */
export const routesLead: Policy = (manifests) => {
  const gateways = ofKind<GatewaySpec>(manifests, 'Gateway');
  const services = addresses(manifests);
  const faults: string[] = [];
  for (const { metadata, spec } of ofKind<RouteSpec>(manifests, 'HTTPRoute')) {
    const fault = (text: string) => faults.push(`HTTPRoute/${metadata.name}: ${text}`);
    for (const parent of spec.parentRefs) {
      const gateway = gateways.find(({ metadata }) => metadata.name === parent.name);
      const listener = gateway?.spec.listeners.find(({ name }) => name === parent.sectionName);
      if (!listener) {
        fault(`there is no listener ${parent.name}/${parent.sectionName}`);
      } else if (spec.hostnames.some((host) => host !== listener.hostname)) {
        fault(`has another host than its listener`);
      }
    }
    for (const { name, port } of spec.rules.flatMap(({ backendRefs = [] }) => backendRefs)) {
      if (!services.get(name)?.includes(port)) {
        fault(`leads to ${name}:${port}, which does not exist`);
      }
    }
  }
  for (const { metadata, spec } of ofKind<RouteSpec>(manifests, 'HTTPRoute')) {
    for (const { extensionRef } of spec.rules.flatMap(({ filters = [] }) => filters)) {
      const found = ofKind(manifests, extensionRef?.kind ?? '').map((manifest) => manifest.metadata.name);
      if (extensionRef && !found.includes(extensionRef.name)) {
        faults.push(`HTTPRoute/${metadata.name}: there is no ${extensionRef.kind} ${extensionRef.name}`);
      }
    }
  }
  for (const { metadata, spec } of gateways) {
    const { parametersRef } = spec.infrastructure ?? {};
    const kinds = [['GatewayClass', spec.gatewayClassName] as const];
    if (parametersRef) {
      kinds.push([parametersRef.kind, parametersRef.name] as never);
    }
    for (const [kind, name] of kinds) {
      if (!ofKind(manifests, kind).some((manifest) => manifest.metadata.name === name)) {
        faults.push(`Gateway/${metadata.name}: there is no ${kind} ${name}`);
      }
    }
  }
  return faults;
};

/** A redirected client repeats the same method: a POST that comes back as a GET would silently do nothing. */
export const redirectsKeepMethod: Policy = (manifests) =>
  ofKind<RouteSpec>(manifests, 'HTTPRoute').flatMap(({ metadata, spec }) =>
    spec.rules
      .flatMap(({ filters = [] }) => filters)
      .filter(({ type }) => type === 'RequestRedirect')
      // 302 is the Gateway API's default.
      .map(({ requestRedirect }) => requestRedirect?.statusCode ?? 302)
      .filter((status) => ![307, 308].includes(status))
      .map((status) => `HTTPRoute/${metadata.name}: a POST that is answered ${status} may become a GET`),
  );
