import { type AddressInfo, createServer, connect as dial, type Server, type Socket } from 'node:net';

/** A part of the network whose bytes somebody writes down. */
export class Tap {
  private readonly pieces: Buffer[] = [];
  private readonly sockets = new Set<Socket>();
  private constructor(private readonly server: Server) {}

  /** @param url of a server on this machine */
  static async before(url: string): Promise<Tap> {
    const server = createServer();
    const tap = new Tap(server);
    server.on('connection', (client: Socket) => {
      const upstream = dial(Number(new URL(url).port), '127.0.0.1');
      for (const [from, to] of [
        [client, upstream],
        [upstream, client],
      ] as const) {
        tap.sockets.add(from);
        from.on('error', () => {});
        from.on('close', () => {
          tap.sockets.delete(from);
          to.destroy();
        });
        from.on('data', (data) => tap.pieces.push(data));
        from.pipe(to);
      }
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return tap;
  }

  /** Returns the same URL, through the tap. */
  through(url: string): string {
    const tapped = new URL(url);
    tapped.port = String((this.server.address() as AddressInfo).port);
    return tapped.href;
  }

  /** Returns all that went through, in both directions, one character for a byte. */
  seen(): string {
    return Buffer.concat(this.pieces).toString('latin1');
  }

  close(): void {
    this.server.close();
    for (const socket of this.sockets) {
      socket.destroy();
    }
  }
}
