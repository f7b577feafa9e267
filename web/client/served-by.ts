import { createStore } from './store';

/** The host that served this page, as it wrote into it. */
export const pageHost = document.querySelector<HTMLMetaElement>('meta[name="served-by"]')?.content ?? '';

/** The host that answered the last request to the API. */
export const apiHost = createStore<string | undefined>(undefined);

export function noteHost({ headers }: Response): void {
  const host = headers.get('Served-By');
  if (host !== null && host !== apiHost.get()) {
    apiHost.set(host);
  }
}
