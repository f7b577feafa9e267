import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { provide, provideBase, standInsAmong } from '../../images/engine/bases';

/** What takes the place of images that no registry has for us. The engine is a script. */

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'chandlery-images-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function write(file: string, text: string): void {
  mkdirSync(join(folder, dirname(file)), { recursive: true });
  writeFileSync(join(folder, file), text);
}

describe('an image of a third party', () => {
  const image = 'docker.io/prometheuscommunity/postgres-exporter:v0.20.1';
  const path = process.env.PATH;
  const labels = () => JSON.parse(readFileSync(join(folder, nameOf(image)), 'utf8'))[0].Config.Labels;
  const nameOf = (name: string) => `image ${name.replaceAll('/', '_')}`;
  const has = (name: string, facts: object) => write(nameOf(name), JSON.stringify([facts]));
  const calls = () => readFileSync(join(folder, 'calls'), 'utf8');

  beforeEach(() => {
    write(
      'docker',
      `#!/bin/bash
cd "${folder}"
echo "$@" >>calls
name="image \${@: -1}"
case $1 in
  image) cat "\${name//\\//_}" ;;
  pull) [ -e registry ] && echo '[{"RepoDigests":["a"]}]' >"\${name//\\//_}" ;;
  build)
    while [ $# -gt 1 ]; do
      case $1 in --label) label=$2 ;; --tag) name="image $2" ;; esac
      shift
    done
    echo "[{\\"Config\\":{\\"Labels\\":{\\"\${label%%=*}\\":\\"\${label#*=}\\"}}}]" >"\${name//\\//_}"
    ;;
esac
`,
    );
    chmodSync(join(folder, 'docker'), 0o755);
    process.env.PATH = `${folder}:${path}`;
    process.env.CHANDLERY_OWN_ENGINE = 'yes';
    has('chandlery-test/debian:bookworm', {});
  });
  afterEach(() => {
    process.env.PATH = path;
    delete process.env.CHANDLERY_OWN_ENGINE;
  });

  test('is replaced where no registry can be reached, and known as a stand-in from then on', () => {
    expect(provide(image)).toBe('built');
    expect(provide(image)).toBe('built');
    expect(standInsAmong([image, 'another'])).toEqual([image]);
    expect(calls().match(/^build/gm)).toHaveLength(1);
  });

  test('is fetched as soon as a registry can be reached', () => {
    expect(provide(image)).toBe('built');
    write('registry', '');
    expect(provide(image)).toBe('fetched');
    expect(provide(image)).toBe('fetched');
    expect(standInsAmong([image])).toEqual([]);
    expect(calls().match(/^pull/gm)).toHaveLength(2);
  });

  test('is replaced again when the stand-in is made of something else, or nobody knows of what', () => {
    for (const facts of [{ Config: { Labels: { 'chandlery.stand-in': 'older' } } }, { Config: {} }]) {
      has(image, facts);
      expect(provide(image)).toBe('built');
      expect(labels()['chandlery.stand-in']).toMatch(/^[0-9a-f]{64}$/);
    }
  });

  test('that is given by its digest is built from under its tag, until it is fetched', () => {
    const digested = `${image}@sha256:${'0'.repeat(64)}`;
    expect(provideBase(digested)).toBe(image);
    expect(standInsAmong([digested])).toEqual([digested]);
    write('registry', '');
    expect(provideBase(digested)).toBe(digested);
  });

  test('is never replaced in the engine of the user, who may have loaded it from a file', () => {
    process.env.CHANDLERY_OWN_ENGINE = '';
    expect(provide(image)).toBeUndefined();
    has(image, { Config: { Labels: null }, RepoDigests: [] });
    expect(provide(image)).toBe('fetched');
    expect(calls()).not.toMatch(/^build/m);
  });
});
