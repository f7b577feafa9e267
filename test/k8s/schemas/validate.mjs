// Reads pairs of a model's path and a manifest from stdin as JSON, checks each manifest against the model's schema, and
// prints what is wrong. It is its own process because the models are ECMAScript modules, and Jest runs CommonJS.
import { text } from 'node:stream/consumers';

const faults = [];
for (const { model, manifest } of JSON.parse(await text(process.stdin))) {
  try {
    const { [manifest.kind]: Model } = await import(model);
    new Model(manifest).validate();
  } catch (error) {
    faults.push(`${manifest.kind}/${manifest.metadata?.name}: ${error.message}`);
  }
}
console.log(JSON.stringify(faults));
