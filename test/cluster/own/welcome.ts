import { standIns } from './images/cache';
import { versions } from './programs/modules';

/** What a person can do with a cluster that has just started, and what it lacks. */
export function welcome(nodes: number): string {
  return `
Kubernetes ${versions.kubernetes} runs here with ${nodes === 1 ? 'one node' : `${nodes} nodes`} and Envoy Gateway ${versions.gateway}. In another terminal:
  npm run cluster -- run ./deploy-to-cluster.sh laptop --without-charts
  npm run cluster -- run kubectl get pods --all-namespaces
  npm run cluster -- run bash                  # a shell in which kubectl and helm are the cluster's
${lacks()}
Ctrl-C ends the cluster, and deletes everything in it.`;
}

/** What the cluster has not, or not really. */
export function lacks(): string {
  return `It has the Prometheus Operator, Prometheus and Alertmanager, with our values for kube-prometheus-stack, but not that chart:
there is no Grafana, nothing watches nodes and kubelets, and the only rules are the shop's own.
${aboutStandIns()}`;
}

/** Says which images are not the real ones: whatever is seen in this cluster was seen with these. */
export function aboutStandIns(replaced = standIns()): string {
  return replaced.length === 0
    ? 'Every image of a third party is the real one.'
    : `Not the real images, but the nearest that packages have (test/images/stand-ins): ${replaced.join(', ')}.`;
}
