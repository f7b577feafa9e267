import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { root } from '../../../shared/root';
import type { LoadMessage, LoadRequest, LoadResult } from './protocol';

/** The process that makes the load, and the conversation with it. */
export class Load {
  private constructor(private readonly child: ChildProcess) {}

  static start(): Load {
    const worker = join(root, 'dist/tools/bench/load/worker.js');
    return new Load(fork(worker, { execArgv: ['--enable-source-maps'] }));
  }

  get pid(): number {
    return this.child.pid as number;
  }

  /** @param at told when the measured part begins and ends */
  run(request: LoadRequest, at: { begin?(): void; end?(): void } = {}): Promise<LoadResult> {
    return new Promise((resolve, reject) => {
      const ended = () => reject(new Error('The process that makes the load ended by itself.'));
      const hear = (message: LoadMessage) => {
        if (message.event !== 'done') {
          return at[message.event]?.();
        }
        this.child.off('message', hear).off('exit', ended);
        resolve(message.result);
      };
      this.child.on('message', hear).once('exit', ended);
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
