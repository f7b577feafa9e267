import { once } from 'node:events';
import { type AddressInfo, isIPv6, type Server } from 'node:net';

export interface Address {
  /** Without one, a server listens on every address: IPv6 and IPv4, or IPv4 alone where the kernel has no IPv6. */
  readonly host: string | undefined;
  /** 0 means any free port. */
  readonly port: number;
  /** The environment variable that sets the port, for the error that tells people to change it. */
  readonly variable: string;
}

/** Connections that are not accepted yet. TCP retries those beyond it only after a second. Linux allows as many. */
const BACKLOG = 4_096;

/** Listens, and returns the port. If it is shared, other sockets that are shared may listen on the same port. */
export async function listen(
  server: Server,
  { host, port, variable, isShared = false }: Address & { isShared?: boolean },
): Promise<number> {
  server.listen({ port, backlog: BACKLOG, reusePort: isShared, ...(host !== undefined && { host }) });
  try {
    await once(server, 'listening');
  } catch (error) {
    throw explained(error as NodeJS.ErrnoException, { host, port, variable });
  }
  return (server.address() as AddressInfo).port;
}

function explained(cause: NodeJS.ErrnoException, { host = 'all addresses', port, variable }: Address): Error {
  const address = isIPv6(host) ? `[${host}]:${port}` : `${host}:${port}`;
  const why =
    cause.code === 'EADDRINUSE'
      ? `Port ${port} is taken by another process. Stop that process, or set ${variable} to a free port.`
      : `Cannot listen on ${address} (${cause.message}). Set HOST and ${variable} to an address of this machine.`;
  return Object.assign(new Error(why, { cause }), { code: cause.code });
}
