import { ofKind } from '../manifests';
import type { Policy } from './pods';
import { addresses } from './references';

interface RouteSpec {
  parentRefs: { name: string; sectionName?: string }[];
  hostnames: string[];
  rules: {
    backendRefs?: { name: string; port: number }[];
    filters?: { type: string; requestRedirect?: { statusCode?: number } }[];
  }[];
}
interface GatewaySpec {
  gatewayClassName: string;
  infrastructure?: { parametersRef?: { kind: string; name: string } };
  listeners: { name: string; hostname?: string; protocol: string }[];
}

/** The way from the Gateway's listeners to the Services leads somewhere, under one host name. */
export const routesLead: Policy = (all) => {
  const gateways = ofKind<GatewaySpec>(all, 'Gateway');
  const there = addresses(all);
  const faults: string[] = [];
  for (const { metadata, spec } of ofKind<RouteSpec>(all, 'HTTPRoute')) {
    const fault = (text: string) => faults.push(`HTTPRoute/${metadata.name}: ${text}`);
    for (const parent of spec.parentRefs) {
      const gateway = gateways.find((one) => one.metadata.name === parent.name);
      const listener = gateway?.spec.listeners.find(({ name }) => name === parent.sectionName);
      if (!listener) {
        fault(`there is no listener ${parent.name}/${parent.sectionName}`);
      } else if (spec.hostnames.some((host) => host !== listener.hostname)) {
        fault(`its host is not the listener's`);
      }
    }
    for (const { name, port } of spec.rules.flatMap(({ backendRefs = [] }) => backendRefs)) {
      if (!there.get(name)?.includes(port)) {
        fault(`leads to ${name}:${port}, where nothing is`);
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
      if (!ofKind(all, kind).some((one) => one.metadata.name === name)) {
        faults.push(`Gateway/${metadata.name}: there is no ${kind} ${name}`);
      }
    }
  }
  return faults;
};

/** Whoever is sent elsewhere asks there for the same: a POST that comes back as a GET would do nothing, silently. */
export const redirectsKeepMethod: Policy = (all) =>
  ofKind<RouteSpec>(all, 'HTTPRoute').flatMap(({ metadata, spec }) =>
    spec.rules
      .flatMap(({ filters = [] }) => filters)
      .filter(({ type }) => type === 'RequestRedirect')
      // 302 is what the Gateway API takes where nothing is said.
      .map(({ requestRedirect }) => requestRedirect?.statusCode ?? 302)
      .filter((status) => ![307, 308].includes(status))
      .map((status) => `HTTPRoute/${metadata.name}: a POST that is answered ${status} may become a GET`),
  );
