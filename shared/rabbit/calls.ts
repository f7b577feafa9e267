import type { Channel } from 'amqplib';
import { close } from './close';

/** The broker refused a call, and closed its channel. Other errors concern the connection. */
export interface Refusal {
  readonly code: number;
  readonly message: string;
}

export const NOT_ALLOWED = 403;
export const NOT_FOUND = 404;
export const OTHER_ARGUMENTS = 406;
/** 405 is RESOURCE_LOCKED: the queue is exclusive to another connection. */
const REFUSALS = [NOT_ALLOWED, NOT_FOUND, 405, OTHER_ARGUMENTS];

/** The protocol has no timeout for calls. */
const TIMEOUT_MS = 10_000;

/** Calls that the broker may refuse, one after the other. After a failure, the next call gets a new channel. */
export interface Calls {
  /**
   * Returns why the broker refused the call; undefined when it carried it out.
   * @throws when the connection is lost, or the broker does not answer in time
   */
  refusalOf(call: (channel: Channel) => PromiseLike<unknown>): Promise<Refusal | undefined>;
  close(): Promise<void>;
}

export function openCalls(openChannel: () => PromiseLike<Channel>): Calls {
  let channel: Promise<Channel> | undefined;

  async function open(): Promise<Channel> {
    const opened = await openChannel();
    // The call that fails reports the error; without a listener the event would end the process.
    opened.on('error', () => {});
    return opened;
  }

  /** It is open even so if a call was given up, or was never made because the channel came too late. */
  async function closeCurrent(): Promise<void> {
    const last = channel;
    channel = undefined;
    // It rejects when the channel was never opened.
    await last?.then(close, () => {});
  }

  return {
    async refusalOf(call) {
      let isLate = false;
      channel ??= open();
      const answer = channel.then((opened) => (isLate ? undefined : call(opened)));
      try {
        await inTime(answer);
        return undefined;
      } catch (error) {
        isLate = true;
        void closeCurrent();
        const { code } = error as { code?: number };
        if (code !== undefined && REFUSALS.includes(code)) {
          return error as Refusal;
        }
        throw error;
      }
    },
    close: closeCurrent,
  };
}

/** @throws when the broker does not answer in time */
export async function inTime<T>(answer: PromiseLike<T>, withinMs = TIMEOUT_MS): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('the broker did not answer in time')), withinMs);
  });
  try {
    return await Promise.race([answer, late]);
  } finally {
    clearTimeout(timer);
  }
}
