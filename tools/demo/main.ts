import { noMore, readArguments } from '../support/command-line';
import { checkBooks } from './books';
import { DemoClient } from './client';
import { demoConfig } from './config';
import { rush } from './load-run';
import { bold } from './print';
import { DemoShop } from './shop';
import { tellStory } from './story';

const usage = `Usage: npm run demo -- [--url http://localhost:8000]
  Drives a small shop against a running system, and checks that money and stock add up.
  --url   where the system's gateway is; otherwise SHOP_URL, otherwise where npm start last opened one`;
/** Enough for every checkout of the rush to be under way at once. */
const CONNECTIONS = 400;

/** Exits with status 1 unless everything went as it must. */
async function main(): Promise<void> {
  const client = new DemoClient(readAddress(), CONNECTIONS);
  const shop = new DemoShop(client);
  try {
    const faults = [...(await tellStory(shop)), ...(await rush(shop)), ...(await checkBooks(shop))];
    console.log(
      `\n${bold(faults.length === 0 ? 'Money and stock add up.' : 'Not everything is as it must be:')}`,
    );
    for (const fault of faults) {
      console.log(`  ${fault}`);
    }
    if (faults.length > 0) {
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
    throw new Error(`"${url.href}" is not the address of a web server.`);
  });
}

main().catch((error: Error) => {
  console.error(error.message);
  process.exitCode = 1;
});
