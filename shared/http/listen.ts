import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Address {
  readonly host: string;
  /** 0 means any free port. */
  readonly port: number;
  /** The environment variable that sets the port, for the error that tells people to change it. */
  readonly variable: string;
}

/** Listens, and returns the port. */
export async function listen(server: Server, { host, port, variable }: Address): Promise<number> {
  server.listen(port, host);
  try {
    await once(server, 'listening');
  } catch (error) {
    throw explained(error as NodeJS.ErrnoException, { host, port, variable });
  }
  return (server.address() as AddressInfo).port;
}

function explained(cause: NodeJS.ErrnoException, { host, port, variable }: Address): Error {
  const why =
    cause.code === 'EADDRINUSE'
      ? `Port ${port} is taken by another process. Stop that process, or set ${variable} to a free port.`
      : `Cannot listen on ${host}:${port} (${cause.message}). Set HOST and ${variable} to an address of this machine.`;
  return Object.assign(new Error(why, { cause }), { code: cause.code });
}
