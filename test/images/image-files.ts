import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, cpSync, existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root } from '../../shared/root';
import { readStages, withBases } from './dockerfile';

/**
 * The files of an image, put together in a folder by the Dockerfile's own commands, for machines without a container
 * engine. What the image has besides is Node.js, which is a copy of this process's own here.
 */
export class ImageFiles {
  private readonly work = mkdtempSync(join(tmpdir(), 'chandlery-image-'));
  private readonly stages = readStages();
  /** For a user who may not enter the folder that the project, and Node.js with it, is in. */
  readonly node = join(this.work, 'node');

  constructor() {
    // They are used by a user who may not change them.
    chmodSync(this.work, 0o755);
    copyFileSync(process.execPath, this.node);
    const dependencies = join(this.work, 'dependencies/files/app');
    mkdirSync(dependencies, { recursive: true });
    for (const file of ['package.json', 'package-lock.json']) {
      cpSync(join(root, file), join(dependencies, file));
    }
    this.run('dependencies', dependencies);
    this.run('tested', root);
  }

  /** @returns the folder in which the image's program is started */
  of(image: string): string {
    const folder = join(this.work, 'images', image);
    const start = join(folder, this.stages.get('base')?.last('WORKDIR') ?? '');
    if (existsSync(folder)) {
      return start;
    }
    for (const stage of withBases(this.stages, image).reverse()) {
      for (const { stage: from, sources, to } of stage.copies) {
        for (const source of from === 'runtime' ? [] : sources) {
          cpSync(this.inStage(from ?? '', source), join(folder, to), { recursive: true });
        }
      }
    }
    return start;
  }

  remove(): void {
    rmSync(this.work, { recursive: true, force: true });
  }

  /** Runs a stage's commands, with the folder that they work in moved below ours. */
  private run(stage: string, cwd: string): void {
    for (const command of this.stages.get(stage)?.runs ?? []) {
      const moved = command.replace(/(?<=[=\s])(\/tmp)?\/files\b/g, (folder) => this.inStage(stage, folder));
      execFileSync('/bin/sh', ['-c', moved], {
        cwd,
        env: { ...process.env, npm_config_prefer_offline: 'true' },
      });
    }
  }

  private inStage(stage: string, path: string): string {
    const moved = join(this.work, stage, path);
    if (!existsSync(join(moved, '..'))) {
      mkdirSync(join(moved, '..'), { recursive: true });
    }
    return moved;
  }
}
