// Reads on stdin what `npm sbom --package-lock-only --sbom-format cyclonedx` says, which lists every package that the lock
// names, and prints those that are installed in this folder, and Node.js. npm's own --omit leaves out too much.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { text } from 'node:stream/consumers';

/** Of account's image alone: each platform has its own half of the library that hashes passwords. */
const OF_SOME_IMAGES = `@node-rs/argon2-linux-${process.arch}-gnu`;

const installed = new Set(packagesIn('node_modules'));
const bom = JSON.parse(await text(process.stdin));
const idOf = ({ group, name, version }) => `${group ? `${group}/` : ''}${name}@${version}`;
const components = bom.components.flatMap((component) => {
  if (installed.has(idOf(component))) {
    return [component];
  }
  return idOf(component).startsWith(`${OF_SOME_IMAGES}@`) ? [{ ...component, scope: 'optional' }] : [];
});
const kept = new Set([...components, bom.metadata.component].map((component) => component['bom-ref']));
const { node } = process.versions;
components.push({ type: 'platform', name: 'node', version: node, purl: `pkg:generic/node@${node}` });
const dependencies = bom.dependencies
  .filter(({ ref }) => kept.has(ref))
  .map(({ ref, dependsOn = [] }) => ({ ref, dependsOn: dependsOn.filter((other) => kept.has(other)) }));
// The same packages make the same bill, whenever and wherever it is made.
const { serialNumber, metadata, ...rest } = bom;
const { timestamp, component, ...others } = metadata;
const { name } = JSON.parse(readFileSync('package.json', 'utf8'));
console.log(
  JSON.stringify({
    ...rest,
    metadata: { ...others, component: { ...component, name } },
    components,
    dependencies,
  }),
);

/** Returns "name@version" of each package in a folder of packages, and of those inside of these. */
function packagesIn(folder) {
  if (!existsSync(folder)) {
    return [];
  }
  return readdirSync(folder).flatMap((entry) => {
    const path = `${folder}/${entry}`;
    if (entry.startsWith('@')) {
      return packagesIn(path);
    }
    if (!existsSync(`${path}/package.json`)) {
      return [];
    }
    const { name, version } = JSON.parse(readFileSync(`${path}/package.json`, 'utf8'));
    return [`${name}@${version}`, ...packagesIn(`${path}/node_modules`)];
  });
}
