import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { root } from '../../../shared/root';
import type { LoadMessage, LoadRequest, LoadResult } from './protocol';

/** Starts the process that makes the load, and talks to it. */
export class Load {
  private constructor(private readonly child: ChildProcess) {}

  static start(): Load {
    const worker = join(root, 'dist/tools/bench/load/worker.js');
    return new Load(fork(worker, { execArgv: ['--enable-source-maps'] }));
  }

  get pid(): number {
    return this.child.pid as number;
  }

  /** @param on called when the measured part begins and ends */
  run(request: LoadRequest, on: { begin?(): void; end?(): void } = {}): Promise<LoadResult> {
    return new Promise((resolve, reject) => {
      const onExit = () => reject(new Error('The process that makes the load ended unexpectedly.'));
      const onMessage = (message: LoadMessage) => {
        if (message.event !== 'done') {
          return on[message.event]?.();
        }
        this.child.off('message', onMessage).off('exit', onExit);
        resolve(message.result);
      };
      this.child.on('message', onMessage).once('exit', onExit);
      this.child.send(request);
    });
  }

  async stop(): Promise<void> {
    if (this.child.exitCode !== null) {
      return;
    }
    this.child.disconnect();
    await once(this.child, 'exit');
  }
}
