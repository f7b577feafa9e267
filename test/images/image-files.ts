import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, cpSync, existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { root } from '../../shared/root';
import { readStages, withBases } from './dockerfile';

/**
 * Builds the files of an image in a folder with the Dockerfile's own commands, for machines without a container engine.
 * The image also contains Node.js, which is a copy of this process's own here.
 */
export class ImageFiles {
  private readonly work = mkdtempSync(join(tmpdir(), 'chandlery-image-'));
  private readonly stages = readStages();
  /** A copy, because its user may not enter the folder of the project, which Node.js is in. */
  readonly node = join(this.work, 'node');

  constructor() {
    // The files are used by a user who may not change them.
    chmodSync(this.work, 0o755);
    copyFileSync(process.execPath, this.node);
    const dependencies = join(this.work, 'dependencies/files/app');
    mkdirSync(dependencies, { recursive: true });
    for (const { sources, to } of this.stages.get('dependencies')?.copies ?? []) {
      for (const source of sources) {
        cpSync(join(root, source), join(dependencies, to, basename(source)));
      }
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

  /** Runs a stage's commands, with the folder that they write to moved below ours. */
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
