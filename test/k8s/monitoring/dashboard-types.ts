import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { root } from '../../../shared/root';

/** Grafana publishes what a dashboard may contain as types for TypeScript, so its compiler is what checks ours. */

const types = join(dirname(require.resolve('@grafana/schema/package.json')), 'dist/types/raw');
const compiler = join(root, 'node_modules/typescript/bin/tsc');
const FLAGS = ['--noEmit', '--strict', '--skipLibCheck', '--module', 'esnext'];

/** A dashboard in JSON, whose panels are rows and those that ours use, each with its own options. */
const TYPES = `
import type * as grafana from '${types}/dashboard/x/dashboard_types.gen';
import type * as timeseries from '${types}/composable/timeseries/panelcfg/x/TimeSeriesPanelCfg_types.gen';
import type * as stat from '${types}/composable/stat/panelcfg/x/StatPanelCfg_types.gen';

type Fields<Custom> = Omit<grafana.FieldConfigSource, 'defaults'> & {
  defaults: Omit<grafana.FieldConfig, 'custom'> & { custom?: Custom };
};
type PanelOf<Type, Options, Custom> = Omit<grafana.Panel, 'type' | 'options' | 'fieldConfig'> & {
  type: Type;
  options?: Options;
  fieldConfig?: Fields<Custom>;
};
type Panel =
  | PanelOf<'timeseries', timeseries.Options, timeseries.FieldConfig>
  | PanelOf<'stat', stat.Options, Record<string, never>>;
type Row = Omit<grafana.RowPanel, 'panels'> & { panels: Panel[] };
/** JSON has the values of enumerations, and not their names. Whatever is left out has a default. */
type Json<T> = T extends string
  ? \`\${T}\`
  : T extends number | boolean | null | undefined
    ? T
    : { [Key in keyof T]?: Json<T[Key]> };
/** The last fields of both are the data source's own, which Grafana keeps as they are. */
type Annotation = grafana.AnnotationQuery & { expr: string; step: string; titleFormat: string };
type Variable = grafana.VariableModel & { definition: string };
export type Dashboard = Json<
  Omit<grafana.Dashboard, 'panels' | 'annotations' | 'templating'> & {
    panels: (Panel | Row)[];
    annotations: { list: Annotation[] };
    templating: { list: Variable[] };
  }
>;
`;

/** Returns what Grafana's types refuse in a dashboard, in the compiler's words. */
export function typeErrors(dashboard: string): string[] {
  const folder = mkdtempSync(join(tmpdir(), 'chandlery-dashboard-'));
  try {
    writeFileSync(join(folder, 'types.ts'), TYPES);
    const file = join(folder, 'dashboard.ts');
    writeFileSync(
      file,
      `import type { Dashboard } from './types';\nexport const it: Dashboard =\n${dashboard};\n`,
    );
    const args = [compiler, ...FLAGS, '--moduleResolution', 'bundler', '--target', 'es2022', file];
    const { status, stdout } = spawnSync(process.execPath, args, { cwd: folder, encoding: 'utf8' });
    return status === 0 ? [] : stdout.trim().split('\n');
  } finally {
    rmSync(folder, { recursive: true });
  }
}
