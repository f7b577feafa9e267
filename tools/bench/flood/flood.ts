import { type ChildProcess, fork } from 'node:child_process';
import { join } from 'node:path';
import { root } from '../../../shared/root';
import type { Answers, Flood, FloodMessage } from './protocol';

/** Makes a flood in a process of its own while `work` runs. Returns what `work` does, and the answers to the flood. */
export async function flooding<T>(
  flood: Flood,
  work: () => Promise<T>,
): Promise<{ result: T; answers: Answers }> {
  const child = fork(join(root, 'dist/tools/bench/flood/worker.js'), { execArgv: ['--enable-source-maps'] });
  try {
    child.send(flood);
    await messageOf(child, 'begun');
    const result = await work();
    child.send('stop');
    const { answers } = await messageOf(child, 'stopped');
    return { result, answers };
  } finally {
    child.kill('SIGKILL');
  }
}

type Message<Event> = Extract<FloodMessage, { event: Event }>;

function messageOf<Event extends FloodMessage['event']>(
  child: ChildProcess,
  event: Event,
): Promise<Message<Event>> {
  return new Promise((resolve, reject) => {
    const onExit = () => reject(new Error('The process that makes the flood ended unexpectedly.'));
    child.once('exit', onExit).on('message', (message: FloodMessage) => {
      if (message.event === event) {
        child.off('exit', onExit);
        resolve(message as Message<Event>);
      }
    });
  });
}
