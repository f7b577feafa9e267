import { chartsOf, requestedBy } from '../charts';
import type { Overlay } from '../manifests';
import { neededFlows } from './flows';
import * as gateway from './gateway';
import * as images from './images';
import { deniedByDefault, openFlows, parties } from './network';
import type { Policy } from './pods';
import * as pods from './pods';
import * as references from './references';
import * as routes from './routes';
import * as sizes from './sizes';

/** Exactly the needed lines are open. */
const flowsFit =
  (overlay: Overlay): Policy =>
  (all) => {
    const ours = parties(all).filter(({ namespace }) => !namespace);
    const needed = neededFlows(
      overlay,
      ours.map(({ name }) => name),
    );
    const open = openFlows(all);
    return [
      ...[...needed].filter((flow) => !open.has(flow)).map((flow) => `${flow} is closed`),
      ...[...open].filter((flow) => !needed.has(flow)).map((flow) => `${flow} is open`),
    ];
  };

/** MiB; the machine has more to do. */
const LAPTOP = 3 * 1024;

/** By what they promise. */
export function policiesOf(overlay: Overlay): Record<string, Policy> {
  return {
    'the namespace admits restricted pods only': pods.admitted,
    'every pod is restricted': pods.restricted,
    'no pod is given a token of Kubernetes': pods.withoutToken,
    'every container has requests and limits': pods.sized,
    'every pod that serves has all three probes': pods.probed,
    'every pod that serves has one disruption budget': pods.budgeted,
    'our own programs are replaced without ever being fewer, and spread': pods.rolledOut,
    'everything is labelled': pods.labelled,
    'everything is in its namespace': pods.placed,
    'nothing reaches anything unless it is said': deniedByDefault,
    'everything reaches what it needs, and nothing else': flowsFit(overlay),
    'every Secret is made by somebody': references.secretsExist(overlay),
    'every ConfigMap exists': references.configMapsExist,
    'every image is of the version of the package': images.versionsAgree,
    'every image is pinned': images.imagesPinned,
    'every volume is declared and mounted': references.volumesMatch,
    'every Service finds its pods': references.servicesFind,
    'something answers at every address': references.addressesAnswer(overlay),
    'every route leads to a Service': routes.routesLead,
    'every redirect keeps the method': routes.redirectsKeepMethod,
    'everything that is scaled or protected exists': references.targetsExist,
    'all connections fit into the databases': sizes.connectionsFit,
    'nobody is killed before the longest held request is answered': sizes.graceSuffices,
    'no route cuts a held request off': sizes.routesWait,
    'the gateway closes idle connections before the services do': gateway.gatewayClosesFirst,
    'what the gateway may hold fits into its memory': gateway.proxyFits,
    'memory is what was measured': sizes.memoryFits,
    ...(overlay === 'production'
      ? { 'every service scales from two to six': sizes.scaled }
      : {
          'the laptop is not asked for more than 3 GB': (all) => {
            const parts = chartsOf(overlay).map(requestedBy);
            const asked = parts.reduce((sum, each) => sum + each, sizes.requestedMemory(all));
            return asked <= LAPTOP ? [] : [`all pods together ask for ${asked} MiB`];
          },
        }),
  };
}
