/** The one list of what people see of the shop. Each is served by a program of its own, which is the same for all: `web/server`. */
interface PagesFacts {
  /** The port on one machine. The internal one is higher by INTERNAL_PORTS of the services. */
  readonly port: number;
}

export const pages = {
  storefront: { port: 8008 },
  admin: { port: 8007 },
} as const satisfies Record<string, PagesFacts>;

export type PagesName = keyof typeof pages;
export const pagesNames = Object.keys(pages) as [PagesName, ...PagesName[]];
