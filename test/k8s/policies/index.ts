import { chartsOf, requestedBy } from '../charts';
import { isClosed, type Overlay } from '../manifests';
import * as access from './access';
import * as databases from './databases';
import * as encryption from './encryption';
import * as families from './families';
import { neededFlows } from './flows';
import * as gateway from './gateway';
import * as images from './images';
import { deniedByDefault, openFlows, parties } from './network';
import * as pages from './pages';
import type { Policy } from './pods';
import * as pods from './pods';
import * as references from './references';
import * as repeating from './repeating';
import * as routes from './routes';
import * as sizes from './sizes';

/** The NetworkPolicies allow exactly the needed flows. */
const flowsFit =
  (overlay: Overlay): Policy =>
  (manifests) => {
    const ours = parties(manifests).filter(({ namespace }) => !namespace);
    const needed = neededFlows(
      overlay,
      ours.map(({ name }) => name),
    );
    const open = openFlows(manifests);
    return [
      ...[...needed].filter((flow) => !open.has(flow)).map((flow) => `${flow} is denied`),
      ...[...open].filter((flow) => !needed.has(flow)).map((flow) => `${flow} is allowed`),
    ];
  };

/**
 * The most that all pods request, in MiB. The machine has other work, too. The laptop took 3 GB with five services, each
 * with its own database, and the pages are two programs more, which request what they were measured with.
 */
const MOST = { laptop: 3.5 * 1024, staging: 4 * 1024 };

/** Returns an overlay's policies, by the promise that each one checks. */
export function policiesOf(overlay: Overlay): Record<string, Policy> {
  return {
    'the namespace admits only restricted pods': pods.admitted,
    'every pod is restricted': pods.restricted,
    'no pod gets a Kubernetes API token': pods.withoutToken,
    'every container has requests and limits': pods.sized,
    'every pod that serves has all three probes': pods.probed,
    'every pod that serves has one disruption budget': pods.budgeted,
    'our own pods are spread out, and a rollout never has fewer of them': pods.rolledOut,
    'the proxies of the gateway are spread out': gateway.proxiesSpread,
    'a pod without a volume is replaced soon after its node is lost': (manifests) => [
      ...pods.replaced(manifests),
      ...gateway.proxyReplaced(manifests),
    ],
    'a lost answer about a name costs our pods a second': pods.asksAgain,
    'everything is labelled': pods.labelled,
    'everything is in its namespace': pods.placed,
    'every connection is denied unless a policy allows it': deniedByDefault,
    'every pod reaches what it needs, and nothing else': flowsFit(overlay),
    'a cluster with any IP family accepts everything': families.anyFamilyAccepted,
    'every address that may be reached may be reached with both IP families': families.bothFamiliesAllowed,
    'every Secret in use is created': references.secretsExist(overlay),
    'every ConfigMap in use exists': references.configMapsExist,
    "every image has the package's version": images.versionsAgree,
    'every image is pinned': images.imagesPinned,
    'every volume is declared and mounted': references.volumesMatch,
    'every Service finds its pods': references.servicesFind,
    'every address leads to a Service': references.addressesAnswer(overlay),
    'every route leads to a Service': routes.routesLead,
    'every redirect keeps the method': routes.redirectsKeepMethod,
    'no path of the API is answered with a page, published or not': pages.apiIsNoPage,
    'the pages of staff are not where buyers come in': pages.staffsPagesApart(overlay),
    'the pages keep nothing and know nothing secret': pages.pagesKnowNothing,
    'everything that is scaled or protected exists': references.targetsExist,
    'all connections fit into the databases': sizes.connectionsFit,
    'no pod is killed before its longest waiting request is answered': sizes.graceSuffices,
    'no route cuts off a waiting request': sizes.routesWait,
    'the gateway closes idle connections before the services do': gateway.gatewayClosesFirst,
    'no pod gets a request before it is ready, as long as another one is': gateway.startingPodsSpared,
    'a request takes no connection to a service before it is complete': gateway.bodiesBuffered,
    'the connections that the gateway allows fit into its memory': gateway.proxyFits,
    'the gateway goes round a lost pod': gateway.lostPodsAvoided,
    'the gateway repeats only what may be carried out twice': repeating.onlyRepeatableRepeated,
    'connections to a lost node end within seconds': repeating.lostConnectionsEnd,
    'memory requests and limits fit the measurements': sizes.memoryFits,
    ...(isClosed(overlay)
      ? {
          'every service wants tokens of the one issuer': access.accessRequired,
          'the public gateway leads only to routes that are named': access.publicRoutesNamed,
          'the gateway for staff is inside the cluster': access.staffInside,
          'no client address can take the public gateway for itself': access.strangersLimited,
          'browsers never speak to the gateways without TLS again': encryption.tlsRemembered,
          'databases and broker refuse who does not speak TLS': encryption.plaintextRefused,
          'every program makes sure which database and broker answers': encryption.serversVerified(overlay),
          'each server has a certificate for its address': encryption.serversCertified(overlay),
        }
      : {}),
    ...(overlay === 'production'
      ? {
          'every service and the pages scale from two to six': sizes.scaled,
          'a primary that has to stop does not wait for its clients': databases.primariesStopAtOnce,
        }
      : {
          'all pods together request little': (manifests) => {
            const parts = chartsOf(overlay).map(requestedBy);
            const requested = parts.reduce((sum, each) => sum + each, sizes.requestedMemory(manifests));
            return requested <= MOST[overlay] ? [] : [`all pods together request ${requested} MiB`];
          },
        }),
  };
}
