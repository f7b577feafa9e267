import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cacheFolder } from '../../../../tools/support/debian-packages';
import { copyGatewayParts, copyMonitoringDefinitions } from './chart';
import { goIn } from './go';
import type { GoModule, GoProgram } from './go-module';
import { folderOf, goModOf, modules } from './modules';

export interface Building {
  say(text: string): void;
  signal: AbortSignal;
}

/** Whether every program is in the cache. */
export function areBuilt(): boolean {
  return modules.every((module) => existsSync(folderOf(module)));
}

export function minutesToBuild(missing: readonly GoModule[]): number {
  return Math.ceil(
    missing.flatMap(({ programs }) => programs).reduce((sum, { minutes }) => sum + minutes, 0),
  );
}

/**
 * Builds the programs that are not in the user's cache yet. What Go downloads and compiles is kept until all of them are
 * there, so that a build that was interrupted continues, and is then deleted, because it takes 15 GB.
 * @throws Error when a program cannot be built
 */
export async function buildPrograms(building: Building): Promise<void> {
  const missing = modules.filter((module) => !existsSync(folderOf(module)));
  if (missing.length === 0) {
    return;
  }
  building.say(
    `Building ${missing.map(({ name }) => name).join(', ')} from Go modules: about ${minutesToBuild(missing)} minutes ` +
      'on two processors, only once …',
  );
  const caches = join(cacheFolder(), 'unfinished-cluster');
  // Only one process at a time builds, so this is what a killed one has left.
  const work = join(caches, 'work');
  for (const module of missing) {
    rmSync(work, { recursive: true, force: true });
    mkdirSync(work, { recursive: true });
    await buildModule(module, work, caches, building);
  }
  rmSync(caches, { recursive: true, force: true });
}

async function buildModule(
  module: GoModule,
  work: string,
  caches: string,
  building: Building,
): Promise<void> {
  const go = goIn(work, caches, building.signal);
  writeFileSync(join(work, 'go.mod'), goModOf(module));
  mkdirSync(join(work, 'programs'));
  if (module.source !== undefined) {
    writeFileSync(join(work, 'main.go'), module.source);
  }
  const wanted = Object.entries(module.requires).map(([name, version]) => `${name}@${version}`);
  if (wanted.length > 0) {
    await go('get', ...wanted);
  }
  for (const program of module.programs) {
    const began = Date.now();
    await go(...buildArguments(program));
    building.say(`  ${program.name}: ${Math.round((Date.now() - began) / 1_000)} s`);
  }
  if (module.name === 'add-ons') {
    await copyGatewayParts(join(work, 'programs'), go);
  }
  if (module.name === 'prometheus-operator') {
    await copyMonitoringDefinitions(join(work, 'programs'), go);
  }
  const home = folderOf(module);
  try {
    renameSync(join(work, 'programs'), home);
  } catch (error) {
    // Not an error if another process has built them in the meantime.
    if (!existsSync(home)) {
      throw error;
    }
  }
}

/** Returns the arguments with which Go builds a program into the folder `programs`. */
export function buildArguments({ name, package: path, variables = {}, tags = [] }: GoProgram): string[] {
  const values = Object.entries(variables).map(([variable, value]) => `-X ${variable}=${value}`);
  const linker = ['-s', '-w', ...values].join(' ');
  const flags = [
    '-mod=mod',
    '-trimpath',
    `-ldflags=${linker}`,
    ...(tags.length === 0 ? [] : ['-tags', tags.join()]),
  ];
  return ['build', ...flags, '-o', `programs/${name}`, path];
}
