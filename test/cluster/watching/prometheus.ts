import { startKubectl } from '../kubectl';

/** The release kube-prometheus-stack in helm-config/charts.txt gives the Services these names. */
export const PROMETHEUS = { namespace: 'monitoring', service: 'kube-prometheus-stack-prometheus:9090' };
const ALERTMANAGER = { namespace: 'monitoring', service: 'kube-prometheus-stack-alertmanager:9093' };
const ANSWER_WITHIN_MS = 30_000;

/** The parts of a target in Prometheus' answer to /api/v1/targets that are used here. */
export interface Target {
  labels: Record<string, string>;
  health: string;
  lastError: string;
}

export interface Series {
  metric: Record<string, string>;
  value?: [number, string];
  values?: [number, string][];
}

export interface Alert {
  labels: Record<string, string>;
  annotations: Record<string, string>;
  state: 'pending' | 'firing' | 'inactive';
  activeAt: string;
}

/** The cluster's Prometheus and Alertmanager, through the API server. */
export interface Watchers {
  targets(): Promise<Target[]>;
  rules(): Promise<{ groups: { rules: { name: string; health: string; lastError?: string }[] }[] }>;
  alerts(): Promise<Alert[]>;
  /** The alerts that Prometheus has sent to Alertmanager and not taken back. */
  received(): Promise<{ labels: Record<string, string> }[]>;
  instant(query: string): Promise<Series[]>;
  /** @param from, to in seconds of Unix time */
  range(query: string, from: number, to: number): Promise<Series[]>;
  close(): void;
}

/** @throws Error when kubectl cannot be started */
export async function openWatchers(context: string, kubectl = 'kubectl'): Promise<Watchers> {
  const proxy = await startKubectl(
    ['--context', context, 'proxy', '--port=0'],
    /^Starting to serve on (\S+)/,
    kubectl,
  );
  const origin = `http://${proxy.ready[1]}`;

  async function read(
    { namespace, service }: typeof PROMETHEUS,
    path: string,
    parameters: Record<string, string> = {},
  ): Promise<unknown> {
    const url = `${origin}/api/v1/namespaces/${namespace}/services/${service}/proxy/api/${path}`;
    const signal = AbortSignal.timeout(ANSWER_WITHIN_MS);
    const answer = await fetch(`${url}?${new URLSearchParams(parameters)}`, { signal });
    const text = await answer.text();
    if (!answer.ok) {
      throw new Error(`${service} answers ${answer.status}: ${text.slice(0, 300)}`);
    }
    return JSON.parse(text);
  }

  async function prometheus<Data>(path: string, parameters: Record<string, string> = {}): Promise<Data> {
    return ((await read(PROMETHEUS, `v1/${path}`, parameters)) as { data: Data }).data;
  }

  return {
    targets: async () =>
      (await prometheus<{ activeTargets: Target[] }>('targets', { state: 'active' })).activeTargets,
    rules: () => prometheus('rules'),
    alerts: async () => (await prometheus<{ alerts: Alert[] }>('alerts')).alerts,
    received: async () => (await read(ALERTMANAGER, 'v2/alerts')) as { labels: Record<string, string> }[],
    instant: async (query) => (await prometheus<{ result: Series[] }>('query', { query })).result,
    range: async (query, from, to) =>
      (
        await prometheus<{ result: Series[] }>('query_range', {
          query,
          start: String(from),
          end: String(to),
          step: '15',
        })
      ).result,
    close: proxy.stop,
  };
}
