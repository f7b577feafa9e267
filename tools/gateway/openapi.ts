import { type Answer, unavailable } from '../../shared/http/problem';

interface Document {
  openapi: string;
  info: { title: string; version: string };
  paths: Record<string, unknown>;
  components?: Record<string, Record<string, unknown>>;
}

/** Merges the services' own documents. Components of the same name are identical in all of them. */
export async function mergedDocument(services: readonly (URL | undefined)[]): Promise<Answer> {
  try {
    const documents = await Promise.all(services.map(read));
    const [first] = documents;
    const components: Record<string, Record<string, unknown>> = {};
    for (const document of documents) {
      for (const [kind, parts] of Object.entries(document.components ?? {})) {
        components[kind] = { ...components[kind], ...parts };
      }
    }
    const paths = Object.assign({}, ...documents.map((document) => document.paths)) as Document['paths'];
    const info = { title: 'Chandlery', version: first?.info.version };
    return { status: 200, body: { openapi: first?.openapi, info, paths, components } };
  } catch {
    const detail =
      'A service is not ready, so the document would be incomplete. Repeat the request in a moment.';
    return unavailable(detail);
  }
}

async function read(service: URL | undefined): Promise<Document> {
  if (service === undefined) {
    throw new Error('no replica is ready');
  }
  const answer = await fetch(new URL('/openapi.json', service), { signal: AbortSignal.timeout(5_000) });
  if (!answer.ok) {
    throw new Error(`the service answered ${answer.status}`);
  }
  return (await answer.json()) as Document;
}
