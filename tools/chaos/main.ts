import { writeFileSync } from 'node:fs';
import { readOptions } from './options';
import { describe } from './report/describe';
import { drawPage } from './report/page';
import { createProgress } from './report/progress';
import { run } from './run';

async function main(): Promise<void> {
  const options = readOptions();
  const { report, kept } = await run(options, createProgress(options.seconds));
  if (options.json) {
    writeFileSync(options.json, `${JSON.stringify(report, undefined, 2)}\n`);
  }
  if (options.html) {
    writeFileSync(options.html, drawPage(report));
  }
  console.log(describe(report, kept));
  process.exitCode = report.verdict === 'passed' ? 0 : 1;
}

main().then(
  // Exit, because requests of buyers who gave up may still be open.
  () => process.exit(),
  (error: Error) => {
    console.error(error.message);
    process.exit(2);
  },
);
