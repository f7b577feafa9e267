import { writeFileSync } from 'node:fs';
import { readOptions } from './options';
import { describe } from './report/describe';
import { drawPage } from './report/page';
import { assertPublishable, publish } from './report/publish';
import { makeReport } from './report/report';
import { run } from './run';

async function main(): Promise<void> {
  const options = readOptions();
  if (options.write) {
    assertPublishable();
  }
  const began = Date.now();
  const elapsed = () => `${Math.round((Date.now() - began) / 1_000)} s`.padStart(6);
  const { measured, environment } = await run(options, (text) => console.log(`${elapsed()}  ${text}`));
  const report = makeReport(options, measured, environment);
  if (options.json) {
    writeFileSync(options.json, `${JSON.stringify(report, undefined, 2)}\n`);
  }
  if (options.html) {
    writeFileSync(options.html, drawPage(report));
  }
  console.log(describe(report));
  const failed = measured.some((scenario) => scenario.failed !== undefined);
  if (options.write && !failed) {
    publish(report);
  }
  process.exitCode = failed ? 1 : 0;
}

main().then(
  () => process.exit(),
  (error: Error) => {
    console.error(error.message);
    process.exit(2);
  },
);
