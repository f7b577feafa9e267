import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root } from '../../../../shared/root';
import { readStages } from '../../../images/dockerfile';
import { provide, provideBase } from '../../../images/engine/bases';
import { buildFlags, buildImage, docker } from '../../../images/engine/commands';
import { fileOf } from '../programs/modules';
import { withoutChecks } from './dockerfile';
import { type ImagesOfPrograms, imagesOfPrograms, targetOf } from './names';

type Say = (text: string) => void;

/** Fetches the images of third parties, or builds stand-ins, and builds those of the cluster's own programs. */
export async function buildOthers(images: readonly string[], say: Say): Promise<string[]> {
  say('Images of third parties (fetched, or else built here from packages: minutes, only once) …');
  for (const image of images) {
    say(
      `  ${image}${found(image, provide) === 'built' ? ': no registry has it for us, so it is a stand-in' : ''}`,
    );
  }
  return [...images, ...(await buildOwn(imagesOfPrograms))];
}

/** Builds images of programs, and returns their names. */
export async function buildOwn(images: ImagesOfPrograms): Promise<string[]> {
  for (const [program, { image, user }] of Object.entries(images)) {
    await inFolder((work) => {
      copyFileSync(fileOf(program), join(work, program));
      writeFileSync(join(work, 'Dockerfile'), imageOf(program, user));
      docker('build', ...buildFlags(), '--quiet', '--tag', image, work);
    });
  }
  return Object.values(images).map(({ image }) => image);
}

/** Returns a Dockerfile for a program that needs nothing else. */
export function imageOf(program: string, user: string | undefined): string {
  // Where the Prometheus Operator starts its reloader.
  const file = `/bin/${program}`;
  return [
    'FROM scratch',
    `COPY ${program} ${file}`,
    ...(user === undefined ? [] : [`USER ${user}`]),
    `ENTRYPOINT ["${file}"]`,
    '',
  ].join('\n');
}

/**
 * Builds the project's own images, without running its tests.
 * @param sources the folder of the sources: by default the project as it is now
 */
export async function buildOurs(images: readonly string[], say: Say, sources = root): Promise<string[]> {
  say("The project's images, without running its tests …");
  const text = readFileSync(join(sources, 'Dockerfile'), 'utf8');
  const base = found(baseImage(text), provideBase);
  await inFolder(async (work) => {
    const dockerfile = join(work, 'Dockerfile');
    writeFileSync(dockerfile, withoutChecks(text));
    for (const image of images) {
      await buildImage(targetOf(image) ?? '', image, sources, { base, dockerfile });
    }
  });
  return [...images];
}

/** The image that the project's own are built in, and get Node.js from. */
export const baseImage = (dockerfile?: string) => readStages(dockerfile).get('test')?.from ?? '';

/** @throws Error when an image can neither be fetched nor replaced */
function found<Found>(image: string, provided: (image: string) => Found | undefined): Found {
  const result = provided(image);
  if (result === undefined) {
    throw new Error(
      `The image ${image} cannot be fetched, and nothing replaces it: connect this machine to a registry.`,
    );
  }
  return result;
}
/** Calls a function with a temporary folder. */
export async function inFolder<T>(use: (work: string) => Promise<T> | T): Promise<T> {
  const work = mkdtempSync(join(tmpdir(), 'chandlery-image-'));
  try {
    return await use(work);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}
