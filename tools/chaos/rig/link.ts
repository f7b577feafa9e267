import { createServer, connect as dial, type Server, type Socket } from 'node:net';
import { Direction, type DirectionName, type LinkConditions } from './direction';

/** A message in the bytes going up at which a connection is paused. */
export interface Breakpoint {
  readonly pattern: Buffer;
  /** How many bytes before the pattern the message begins. */
  readonly lead: number;
  /** The direction to pause: `up` holds back the message itself, `down` holds back the response to it. */
  readonly pauses: DirectionName;
}

/** A connection that is paused at a breakpoint. */
export interface PausedConnection {
  /** Resolves when bytes are waiting: at once for the message itself, otherwise when the response has come. */
  readonly blocked: Promise<void>;
  /** Forwards everything that is waiting. */
  resume(): void;
  cut(): void;
}

interface Connection {
  readonly directions: Record<DirectionName, Direction>;
  cut(): void;
}

/** Returns a URL with another port, such as that of a link. */
export function withPort(url: string, port: number): string {
  const changed = new URL(url);
  changed.port = String(port);
  return changed.href;
}

/**
 * A TCP proxy that stands for the network between two programs of the shop. Connections go to the ports that are the
 * targets at that moment, in turn. The network can be slow, drop bytes in one direction, deliver single bytes, or reset its connections.
 */
export class Link {
  private readonly server: Server;
  private readonly connections = new Set<Connection>();
  private readonly conditions: Record<DirectionName, LinkConditions> = { up: {}, down: {} };
  private armed: { breakpoint: Breakpoint; onHit(paused: PausedConnection): void } | undefined;
  private accepted = 0;

  constructor(
    readonly name: string,
    private readonly targets: () => readonly number[],
  ) {
    this.server = createServer({ noDelay: true, allowHalfOpen: true }, (client) => this.forward(client));
  }

  open(port: number): Promise<void> {
    return new Promise((resolve, reject) => {
      this.server.once('error', reject).listen(port, '127.0.0.1', () => resolve());
    });
  }

  close(): void {
    this.server.close();
    this.cut();
  }

  isBusy(): boolean {
    return this.connections.size > 0;
  }

  /** Replaces the conditions of both directions, for existing and for new connections. */
  setConditions(conditions: Partial<Record<DirectionName, LinkConditions>>): void {
    this.conditions.up = conditions.up ?? {};
    this.conditions.down = conditions.down ?? {};
  }

  /** Resets every connection. Both ends notice it at once. */
  cut(): void {
    for (const connection of this.connections) {
      connection.cut();
    }
  }

  /** Pauses the next connection that hits the breakpoint. Resolves to undefined when none does in time. */
  pauseAt(breakpoint: Breakpoint, withinMs: number): Promise<PausedConnection | undefined> {
    return new Promise((resolve) => {
      const finish = (paused?: PausedConnection) => {
        clearTimeout(timer);
        this.armed = undefined;
        resolve(paused);
      };
      const timer = setTimeout(finish, withinMs);
      this.armed = { breakpoint, onHit: finish };
    });
  }

  private forward(client: Socket): void {
    const targets = this.targets();
    const port = targets[this.accepted++ % targets.length] as number;
    const server = dial({ port, host: '127.0.0.1', noDelay: true, allowHalfOpen: true });
    const cut = () => {
      this.connections.delete(connection);
      for (const socket of [client, server]) {
        if (!socket.destroyed) {
          socket.resetAndDestroy();
        }
      }
    };
    const up = new Direction(server, () => this.conditions.up);
    const down = new Direction(client, () => this.conditions.down);
    const connection: Connection = { directions: { up, down }, cut };
    this.connections.add(connection);
    client.on('data', (bytes) => this.forwardUp(connection, bytes, client));
    server.on('data', (bytes) => down.carry(bytes, server));
    client.on('end', () => up.end());
    server.on('end', () => down.end());
    for (const socket of [client, server]) {
      socket.on('error', cut);
      socket.on('close', () => client.destroyed && server.destroyed && this.connections.delete(connection));
    }
  }

  private forwardUp({ directions, cut }: Connection, bytes: Buffer, from: Socket): void {
    const { armed } = this;
    const index = armed ? bytes.indexOf(armed.breakpoint.pattern) : -1;
    if (!armed || index < 0) {
      directions.up.carry(bytes, from);
      return;
    }
    const { lead, pauses } = armed.breakpoint;
    // Forward what comes before the message. Then hold back the message or, for `down`, forward it and hold back the
    // response.
    const start = pauses === 'up' ? Math.max(0, index - lead) : 0;
    if (start > 0) {
      directions.up.carry(bytes.subarray(0, start), from);
    }
    const blocked = directions[pauses].pause();
    directions.up.carry(bytes.subarray(start), from);
    armed.onHit({ blocked, resume: () => directions[pauses].resume(), cut });
  }
}
