// Prisma's schema engine as WebAssembly, so that migrating needs no download. The package is written for bundlers, so
// the module is instantiated by hand here.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PrismaPg } from '@prisma/adapter-pg';
import { bindMigrationAwareSqlAdapterFactory } from '@prisma/driver-adapter-utils';
import type { SchemaEngine } from '@prisma/schema-engine-wasm';
import { Pool } from 'pg';

type EngineModule = typeof import('@prisma/schema-engine-wasm') & { __wbg_set_wasm(exports: unknown): void };

// TypeScript declares WebAssembly only as a part of the browser.
declare const WebAssembly: {
  instantiate(
    binary: Uint8Array,
    imports: Record<string, unknown>,
  ): Promise<{ instance: { exports: { __wbindgen_start(): void } } }>;
};

let loaded: EngineModule | undefined;

async function load(): Promise<EngineModule> {
  if (loaded !== undefined) {
    return loaded;
  }
  const glueFile = require.resolve('@prisma/schema-engine-wasm/schema_engine_bg');
  const glue = require(glueFile) as EngineModule;
  const binary = readFileSync(join(glueFile, '../schema_engine_bg.wasm'));
  const { instance } = await WebAssembly.instantiate(binary, { './schema_engine_bg.js': glue });
  glue.__wbg_set_wasm(instance.exports);
  instance.exports.__wbindgen_start();
  loaded = glue;
  return glue;
}

/** Prisma's own adapter splits a script at every semicolon, even inside functions and quoted text. */
class WholeScripts extends PrismaPg {
  constructor(private readonly client: Pool) {
    super(client);
  }

  override async connect(): ReturnType<PrismaPg['connect']> {
    const adapter = await super.connect();
    adapter.executeScript = async (script) => {
      await this.client.query(script);
    };
    return adapter;
  }
}

/** Runs `work` with an engine bound to one database. @param schema the text of a schema.prisma */
export async function withSchemaEngine<T>(
  databaseUrl: string,
  schema: string,
  work: (engine: SchemaEngine) => Promise<T>,
): Promise<T> {
  const { SchemaEngine } = await load();
  // The engine cannot close its connections, so we provide and close them.
  const pool = new Pool({ connectionString: databaseUrl, max: 1, connectionTimeoutMillis: 10_000 });
  const adapter = bindMigrationAwareSqlAdapterFactory(new WholeScripts(pool));
  try {
    const engine = await SchemaEngine.new({ datamodels: [['schema.prisma', schema]] }, () => {}, adapter);
    return await work(engine).finally(() => engine.free());
  } finally {
    await pool.end();
  }
}
