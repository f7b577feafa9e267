import { versions } from './programs/modules';

/** What a person can do with a cluster that has just started, and what it lacks. */
export function welcome(nodes: number): string {
  return `
Kubernetes ${versions.kubernetes} runs here with ${nodes === 1 ? 'one node' : `${nodes} nodes`} and Envoy Gateway ${versions.gateway}. In another terminal:
  npm run cluster -- run ./deploy-to-cluster.sh laptop --without-charts
  npm run cluster -- run kubectl get pods --all-namespaces
  npm run cluster -- run bash                  # a shell in which kubectl and helm are the cluster's
${lacks}
Ctrl-C ends the cluster, and deletes everything in it.`;
}

export const lacks = `It has no kube-prometheus-stack (Prometheus, Alertmanager, Grafana), only the definitions of its kinds: nothing scrapes
metrics, and no alert is evaluated.`;
