import type { Channel, ChannelModel } from 'amqplib';
import { reasonOf } from '../errors';
import type { Logger } from '../observe/log';
import { inTime } from './calls';
import { close } from './close';
import { openConnection } from './open';
import { openTopology, type Topology } from './open-topology';

/** A connection that reconnects whenever it is lost, however long that takes. */
export interface RabbitConnection {
  /** Whether the broker is connected and accepts messages. It stops reading when it is short of memory or disk. */
  isConnected(): boolean;
  /** Opens a channel as soon as the broker is connected. Rejects once the connection is closed for good. */
  openChannel(): Promise<Channel>;
  close(): Promise<void>;
}

/**
 * The broker cuts a connection after two to three of these without a sign of life, and gives the messages that a frozen
 * replica holds to the others: within 15 s, which is before a buyer who waits for them is answered 202.
 */
const HEARTBEAT_S = '5';

/** The address of a pod that is gone answers nothing, and each attempt at it is lost time; a broker that is there takes milliseconds. */
const CONNECT_MS = 4_000;
const MAX_DELAY_MS = 1_000;

/**
 * Connects, puts the topology right and calls `setup`, and does all of it again whenever the connection is lost. A
 * channel that `setup` opens must end the whole connection when it breaks (see `closeOnFailure`), because amqplib
 * recovers connections only.
 */
export async function keepConnected(options: {
  url: string;
  /** What the connection is for: shown in logs and in the broker's own list. */
  name: string;
  log: Logger;
  /** By default, all of it is declared. */
  topology?: Topology;
  setup(model: ChannelModel): Promise<void>;
}): Promise<RabbitConnection> {
  const log = options.log.child({ connection: options.name });
  const { setup, topology = openTopology({ mode: 'declare', log: options.log }) } = options;
  const url = new URL(options.url);
  if (!url.searchParams.has('heartbeat')) {
    url.searchParams.set('heartbeat', HEARTBEAT_S);
  }
  let connected = false;
  let blocked = false;
  let last: ChannelModel | undefined;

  const connection = await openConnection(url.href, {
    // Without this, Nagle's algorithm waits for delayed ACKs: 40 ms at every hop.
    noDelay: true,
    keepAlive: true,
    timeout: CONNECT_MS,
    clientProperties: { connection_name: options.name },
    recovery: {
      initialDelay: 100,
      maxDelay: MAX_DELAY_MS,
      waitForConnect: false,
      setup(model: ChannelModel) {
        last = model;
        return failIfLost(model, async () => {
          await topology.ensure(() => model.createChannel());
          // A call that is not answered must not block recovery for ever.
          await inTime(setup(model));
        });
      },
    },
  });
  connection.on('connect', () => {
    connected = true;
    log.info('connected to the broker');
  });
  connection.on('disconnect', (error) => {
    connected = false;
    blocked = false;
    log.warn({ err: error }, 'lost the broker connection; reconnecting');
  });
  connection.on('connect-failed', (error) =>
    log.warn({ reason: describe(error) }, 'cannot reach or use the broker; trying again'),
  );
  connection.on('error', (error) => log.warn({ err: error }, 'broker connection error'));
  connection.on('handler-error', (error: Error, event: string) =>
    log.error({ err: error, event }, 'a listener of the broker connection failed'),
  );
  connection.on('blocked', (reason) => {
    blocked = true;
    log.warn({ reason }, 'the broker accepts no messages right now');
  });
  connection.on('unblocked', () => {
    blocked = false;
    log.info('the broker accepts messages again');
  });

  return {
    isConnected: () => connected && !blocked,
    openChannel: () => connection.createChannel(),
    async close() {
      connected = false;
      const end = () => connection.close();
      await (last === undefined ? end() : close(last, end));
    },
  };
}

/**
 * Fails as soon as the connection is lost during its setup, or `work` fails. amqplib listens to a connection only
 * once setup is done. Before that, an error would end the process, an unanswered call would block recovery for ever, and a
 * close would go unnoticed: the connection would count as open.
 */
async function failIfLost(model: ChannelModel, work: () => Promise<void>): Promise<void> {
  let reason: Error | undefined;
  model.on('error', (error) => {
    reason = error;
  });
  let lost = false;
  const closed = new Promise<void>((resolve) => {
    model.once('close', () => {
      lost = true;
      resolve();
    });
  });
  try {
    await Promise.race([work(), closed]);
    if (lost) {
      throw new Error('the connection was lost while it was being set up', { cause: reason });
    }
  } catch (error) {
    // amqplib closes it too, but would wait for ever for a broker that does not answer.
    await close(model);
    throw error;
  }
}

/** Returns a function that closes the connection of a broken channel, so that recovery opens both again. */
export function closeOnFailure(model: ChannelModel): () => void {
  return () => void close(model);
}

function describe(error: Error): string {
  const { cause } = error;
  return cause instanceof Error ? `${reasonOf(error)}: ${describe(cause)}` : reasonOf(error);
}
