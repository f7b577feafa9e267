import { exclusively, type Fault, type FaultContext, OUTAGE_GAP_MS } from './fault';

/** As many nodes as can lose one and still have a majority. */
const MAJORITY_OF = 3;

/** The other nodes go on, and lose nothing. */
const nodeFault = (name: string, kind: string, inject: Fault['inject']): Fault => ({
  name,
  kind,
  minGapMs: OUTAGE_GAP_MS,
  leftOut: ({ broker }) =>
    broker.size < MAJORITY_OF ? `it takes ${MAJORITY_OF} nodes of RabbitMQ 4 (--broker-nodes)` : undefined,
  inject: (context) => exclusively('broker', () => inject(context)),
});

const anyNode = ({ rig, random }: FaultContext) => random.between(0, rig.broker.size - 1);

const restartNode = nodeFault(
  'a node of RabbitMQ is killed and starts again',
  'broker node restart',
  (context) => context.rig.broker.restartNode(anyNode(context), context.markInjected),
);

const replaceNode = nodeFault(
  'a node of RabbitMQ is killed and comes back without its data',
  'broker node emptied',
  async (context) => {
    await context.rig.broker.replaceNode(anyNode(context), context.markInjected);
    context.markMended(
      'the node was forgotten, joined the others as a new one, and got a copy of every queue',
    );
  },
);

export const brokerNodeFaults: Fault[] = [restartNode, replaceNode];
