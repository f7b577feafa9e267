import { noMore, readArguments } from '../support/command-line';
import { checkBooks } from './books';
import { DemoClient } from './client';
import { demoConfig } from './config';
import { rush } from './load-run';
import { bold } from './print';
import { DemoShop } from './shop';
import { runStory } from './story';

const usage = `Usage: npm run demo -- [--url http://localhost:8000]
  Runs checkouts in a running shop, and checks that money and stock add up.
  --url   the address of the gateway; by default SHOP_URL, or else that of the last "npm start"`;
/** Enough for every checkout of the rush to run at once. */
const CONNECTIONS = 400;

/** Exits with status 1 unless everything went as expected. */
async function main(): Promise<void> {
  const client = new DemoClient(readAddress(), CONNECTIONS);
  const shop = new DemoShop(client);
  try {
    const problems = [...(await runStory(shop)), ...(await rush(shop)), ...(await checkBooks(shop))];
    console.log(
      `\n${bold(problems.length === 0 ? 'Money and stock add up.' : 'Not everything went as expected:')}`,
    );
    for (const problem of problems) {
      console.log(`  ${problem}`);
    }
    if (problems.length > 0) {
      process.exitCode = 1;
    }
  } finally {
    await client.close();
  }
}

function readAddress(): URL {
  return readArguments(usage, { url: { type: 'string' } }, (values, positionals) => {
    noMore(positionals);
    const url = new URL(values.url ?? demoConfig().SHOP_URL);
    if (/^https?:$/.test(url.protocol)) {
      return url;
    }
    throw new Error(`"${url.href}" is not an http or https address.`);
  });
}

main().catch((error: Error) => {
  console.error(error.message);
  process.exitCode = 1;
});
