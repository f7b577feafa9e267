import { readFile } from 'node:fs/promises';
import { reasonOf } from '../../shared/errors';
import { createLogger } from '../../shared/observe/log';
import { Lifecycle } from '../../shared/service/lifecycle';
import { findAddresses } from '../support/addresses';
import { noMore, readArguments, wholeNumber } from '../support/command-line';
import { mustBeReachable, openDatabases } from '../support/databases';
import { audit } from './audit';
import { auditConfig } from './config';
import { auditHistory, type HistoryReport } from './history/audit-history';
import { readHistory } from './history/history';
import { databaseTruth, publicApi } from './history/truth';
import { describeFindings, describeReport } from './report';
import { watch } from './watch';

const usage = `Usage: npm run audit -- [--live] [--age 30] [--json] [--port N]
       npm run audit -- --watch [--age 30]
       npm run audit -- --history <file> [--api http://127.0.0.1:8000] [--json]
  --live      for a running shop: what is younger than --age seconds may still be in flight
  --watch     audit again and again, as with --live, and serve /metrics on AUDIT_PORT
  --history   check a file of requests and answers, one JSON object a line, against the databases,
              or with --api against the public API only
  --json      print JSON for programs
  --port      the port that npm start was given; default: the last one on this machine
For a shop that npm start does not run, set ORDER_DATABASE_URL, PAYMENT_DATABASE_URL, STOCK_DATABASE_URL,
CATALOG_DATABASE_URL and AMQP_URL.
AUDIT_TIMEOUT_MS limits one audit (default 600000). With --watch, AUDIT_INTERVAL_MS is the pause between two (60000).
Exit status: 0 every invariant holds, 1 an invariant is violated, 2 the audit could not be completed.`;

const options = {
  live: { type: 'boolean', default: false },
  watch: { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
  age: { type: 'string' },
  port: { type: 'string' },
  history: { type: 'string' },
  api: { type: 'string' },
} as const;

async function main(): Promise<void> {
  const { inFlightMs, gatewayPort, ...values } = readArguments(usage, options, (values, positionals) => {
    noMore(positionals);
    const { age = '30', port } = values;
    return {
      ...values,
      inFlightMs: wholeNumber('age', age, 1, 86_400) * 1_000,
      gatewayPort: port === undefined ? undefined : wholeNumber('port', port, 1024, 64_000),
    };
  });
  const history =
    values.history === undefined ? undefined : readHistory(await readFile(values.history, 'utf8'));
  if (history && values.api) {
    const { api: gateway } = values;
    const api = publicApi(() => gateway);
    return printHistoryReport(await auditHistory(history, api), values.json);
  }

  const config = auditConfig();
  const log = createLogger({
    service: 'audit',
    // A single audit prints a report instead.
    level: values.watch ? config.LOG_LEVEL : 'silent',
    format: config.LOG_FORMAT,
  });
  const addresses = await findAddresses(config, gatewayPort);
  const withinMs = config.AUDIT_TIMEOUT_MS;
  const databases = openDatabases('audit', addresses.databases, log, withinMs);
  if (values.watch) {
    const settings = { host: config.HOST, port: config.AUDIT_PORT, intervalMs: config.AUDIT_INTERVAL_MS };
    const lifecycle = new Lifecycle(log, 0);
    // A round that hangs is abandoned: PostgreSQL notices that its client has disconnected, and cancels the statement.
    lifecycle.addPart(databases, ({ close }) => close(), 1_000);
    const watching = await watch(databases, log, {
      ...settings,
      inFlightMs,
      withinMs,
      amqpUrl: addresses.amqp,
    });
    lifecycle.addPart(watching, ({ stop }) => stop());
    log.info({ port: watching.port }, 'auditing; metrics are served on this port');
    return;
  }
  try {
    await mustBeReachable(databases);
    if (history) {
      return printHistoryReport(await auditHistory(history, databaseTruth(databases)), values.json);
    }
    const report = await audit(databases, {
      amqpUrl: addresses.amqp,
      inFlightMs: values.live ? inFlightMs : undefined,
      withinMs,
    });
    console.log(values.json ? JSON.stringify(report, undefined, 2) : describeReport(report));
    process.exitCode = report.findings.length > 0 ? 1 : 0;
  } finally {
    await databases.close();
  }
}

function printHistoryReport({ findings, checked }: HistoryReport, json: boolean): void {
  const counts = Object.entries(checked).map(([name, count]) => `${count} ${name}`);
  const text = `Checked ${counts.join(', ')}.\n\n${describeFindings(findings)}`;
  console.log(json ? JSON.stringify({ findings, checked }, undefined, 2) : text);
  process.exitCode = findings.length > 0 ? 1 : 0;
}

main().catch((error: Error) => {
  const cause = error.cause === undefined ? '' : ` (${reasonOf(error.cause)})`;
  console.error(`${error.message}${cause}`);
  process.exitCode = 2;
});
