import { execFile } from 'node:child_process';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { newTraceparent, withSpan } from '../../shared/observe/trace';
import { root } from '../../shared/root';

/** A collector that keeps everything it gets, in OTLP's JSON. */
let collector: Server;
let received: string;

beforeAll(async () => {
  collector = createServer((request, response) => {
    request.on('data', (chunk) => {
      received += `${request.url} ${chunk}`;
    });
    request.on('end', () => response.writeHead(200, { 'Content-Type': 'application/json' }).end('{}'));
  });
  await new Promise<void>((resolve) => collector.listen(0, '127.0.0.1', resolve));
});

beforeEach(() => {
  received = '';
});

afterAll(() => collector.close());

/** Runs statements with tracing on, in a process of their own, because the settings are read only once. */
async function traced(statements: string, settings: NodeJS.ProcessEnv = {}): Promise<string> {
  const endpoint = `http://127.0.0.1:${(collector.address() as AddressInfo).port}/`;
  const script = `const { startTracing, withSpan } = require(${JSON.stringify(join(root, 'dist/shared/observe/trace.js'))});
    startTracing({ service: 'order', endpoint: '${endpoint}' }).then(async (stop) => { ${statements}; await stop(); });`;
  const env = { ...process.env, ...settings };
  return (await promisify(execFile)(process.execPath, ['-e', script], { env })).stdout.trim();
}

test('passes the context on and records nothing without an endpoint', () => {
  const caller = newTraceparent();
  expect(withSpan('step', 'consumer', caller).traceparent).toBe(caller);
  expect(withSpan('step', 'server', undefined).traceparent).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-00$/);
});

test('exports spans under their parent with an endpoint, at the latest when the service stops', async () => {
  const parent = await traced(`
    const request = withSpan('POST /orders/checkout', 'server', undefined, { 'http.route': '/orders/checkout' });
    const step = withSpan('stock.reserve', 'consumer', request.traceparent);
    step.end(new Error('no connection'));
    request.end();
    console.log(request.traceparent)`);
  const [, trace, span] = parent.split('-');
  expect(received).toMatch(/^\/v1\/traces /);
  expect(received).toContain(`"name":"stock.reserve"`);
  expect(received.split(`"traceId":"${trace}"`)).toHaveLength(3);
  expect(received).toContain(`"parentSpanId":"${span}"`);
  expect(received).toContain('no connection');
  expect(received).toContain(`"stringValue":"order"`);
});

test('records nothing for a caller that asks for no recording', async () => {
  await traced(`withSpan('quiet', 'server', '${newTraceparent()}').end()`);
  expect(received).toBe('');
});

test("follows OpenTelemetry's own settings for new traces", async () => {
  await traced(`withSpan('quiet', 'server', undefined).end()`, {
    OTEL_TRACES_SAMPLER: 'parentbased_traceidratio',
    OTEL_TRACES_SAMPLER_ARG: '0',
  });
  expect(received).toBe('');
  await traced(`withSpan('sampled', 'server', '${newTraceparent()}').end()`, {
    OTEL_TRACES_SAMPLER: 'always_on',
  });
  expect(received).toContain('"name":"sampled"');
});
