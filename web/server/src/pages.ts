import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import fresh from 'fresh';
import Koa, { type Context } from 'koa';
import sirv from 'sirv';
import { FOR_AN_HOUR, FOR_EVER, SECURITY_HEADERS } from './headers';

/** Returns an application that serves the built pages in a folder. Every address that is not a file's is one of a page. */
export function servePages(folder: string): Koa {
  const page = readPage(join(folder, 'index.html'));
  const files = sirv(folder, {
    brotli: true,
    gzip: true,
    etag: true,
    setHeaders: (response, path) =>
      response.setHeader('Cache-Control', path.startsWith('/assets/') ? FOR_EVER : FOR_AN_HOUR),
  });
  const koa = new Koa();
  koa.use(async (ctx, next) => {
    ctx.set(SECURITY_HEADERS);
    if (ctx.method !== 'GET' && ctx.method !== 'HEAD') {
      ctx.status = 405;
      ctx.set('Allow', 'GET, HEAD');
      return;
    }
    await next();
  });
  koa.use(async (ctx) => {
    if (!isFile(ctx.path)) {
      sendPage(ctx, page);
      return;
    }
    // The files are sent without Koa, which would answer before they are read.
    ctx.respond = false;
    files(ctx.req, ctx.res, () => {
      ctx.res.writeHead(404, { 'Content-Type': 'text/plain' }).end('There is no such file.\n');
    });
  });
  return koa;
}

/** The pages' own addresses have no point in their last segment, and their file is read by nobody under its name. */
function isFile(path: string): boolean {
  return /\.[a-z0-9]+$/i.test(path) && path !== '/index.html';
}

interface Page {
  readonly html: string;
  readonly etag: string;
}

/** Whoever looks at the page sees who served it. */
function readPage(file: string): Page {
  const html = readFileSync(file, 'utf8').replace('%SERVED_BY%', hostname().replaceAll(/[^\w.-]/g, '_'));
  return { html, etag: `"${createHash('sha256').update(html).digest('base64url').slice(0, 22)}"` };
}

function sendPage(ctx: Context, { html, etag }: Page): void {
  ctx.set({ 'Cache-Control': 'no-cache', ETag: etag });
  if (fresh(ctx.req.headers, { etag })) {
    ctx.status = 304;
    return;
  }
  ctx.type = 'html';
  ctx.body = html;
}
