import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { unpackedPackages, which } from '../../tools/support/debian-packages';

/** A browser, as people have it: the installed Chromium, or the one of the distribution, which is downloaded only once. */
export async function openBrowser(): Promise<Browser> {
  const installed = which('chromium') ?? which('chromium-browser') ?? which('google-chrome');
  if (installed !== undefined) {
    return chromium.launch({ executablePath: installed });
  }
  const say = (text: string) => process.stderr.write(`${text}\n`);
  const unpacked = await unpackedPackages(
    { name: 'Chromium', packages: ['chromium'], megabytes: 130, dependencies: true },
    say,
  );
  const executablePath = join(unpacked?.home ?? '', 'usr/lib/chromium/chromium');
  if (unpacked === undefined || !existsSync(executablePath)) {
    throw new Error('These tests need a browser. Install Chromium, for example: apt-get install chromium');
  }
  return chromium.launch({ executablePath, env: { ...process.env, ...unpacked.env } });
}

/** Somebody who looks at the pages, in a browser that nobody else uses. */
export interface Visitor {
  readonly page: Page;
  /** What a page must never do: errors, what its policy forbids, and requests to anywhere else. */
  readonly faults: string[];
  close(): Promise<void>;
}

/** What Chromium itself writes about an answer from 400 on, which a test may have provoked. */
const REFUSED = /Failed to load resource: the server responded with a status of 4\d\d/;
const UNANSWERED = /Failed to load resource: net::ERR_FAILED/;

/** @param options.mayBeRefused whether the visitor does what the shop refuses, or what gets no answer */
export async function newVisitor(
  browser: Browser,
  origin: string,
  { mayBeRefused = false, ...options }: BrowserContextOptions & { mayBeRefused?: boolean } = {},
): Promise<Visitor> {
  const context = await browser.newContext({ baseURL: origin, ...options });
  const page = await context.newPage();
  const faults: string[] = [];
  page.on('console', (message) => {
    const text = message.text();
    const isProvoked = mayBeRefused && (REFUSED.test(text) || UNANSWERED.test(text));
    if (['error', 'warning'].includes(message.type()) && !isProvoked) {
      faults.push(`console: ${text} (${message.location().url})`);
    }
  });
  page.on('pageerror', (error) => faults.push(`exception: ${error.message}`));
  page.on('request', (request) => {
    if (new URL(request.url()).origin !== origin) {
      faults.push(`request to ${request.url()}`);
    }
  });
  return { page, faults, close: () => context.close() };
}
