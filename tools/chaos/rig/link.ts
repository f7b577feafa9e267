import { createServer, connect as dial, type Server, type Socket } from 'node:net';
import { Direction, type DirectionName, type LinkConditions } from './direction';

/** A place in the bytes going up at which a connection is to be frozen. */
export interface Point {
  readonly pattern: Buffer;
  /** How far before the pattern the message begins. */
  readonly lead: number;
  /** Freezes the message itself, so that it never arrives, or whatever is answered to it. */
  readonly holds: DirectionName;
}

/** A connection that has been frozen at a point. */
export interface Frozen {
  /** Resolves when something is held: at once for a message, or else when its answer has come. */
  readonly holding: Promise<void>;
  /** Lets everything held go on its way. */
  release(): void;
  cut(): void;
}

interface Connection {
  readonly directions: Record<DirectionName, Direction>;
  cut(): void;
}

/**
 * A TCP proxy in front of one party of the shop, or several in turn, for one other party: the network between them,
 * which can be slow, deaf in one direction, torn into single bytes, or gone.
 */
export class Link {
  private readonly server: Server;
  private readonly connections = new Set<Connection>();
  private readonly conditions: Record<DirectionName, LinkConditions> = { up: {}, down: {} };
  private trap: { point: Point; sprung(frozen: Frozen): void } | undefined;
  private turn = 0;

  constructor(
    readonly name: string,
    private readonly targets: readonly number[],
  ) {
    this.server = createServer({ noDelay: true, allowHalfOpen: true }, (client) => this.join(client));
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

  /** From now on, for connections that exist as for new ones. */
  setConditions(conditions: Partial<Record<DirectionName, LinkConditions>>): void {
    this.conditions.up = conditions.up ?? {};
    this.conditions.down = conditions.down ?? {};
  }

  /** Resets every connection: both ends see it at once. */
  cut(): void {
    for (const connection of this.connections) {
      connection.cut();
    }
  }

  /** Freezes the next connection that reaches the point; undefined when none does in time. */
  freezeAt(point: Point, withinMs: number): Promise<Frozen | undefined> {
    return new Promise((resolve) => {
      const settle = (frozen?: Frozen) => {
        clearTimeout(timer);
        this.trap = undefined;
        resolve(frozen);
      };
      const timer = setTimeout(settle, withinMs);
      this.trap = { point, sprung: settle };
    });
  }

  private join(client: Socket): void {
    const port = this.targets[this.turn++ % this.targets.length] as number;
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
    client.on('data', (bytes) => this.goUp(connection, bytes, client));
    server.on('data', (bytes) => down.carry(bytes, server));
    client.on('end', () => up.end());
    server.on('end', () => down.end());
    for (const socket of [client, server]) {
      socket.on('error', cut);
      socket.on('close', () => client.destroyed && server.destroyed && this.connections.delete(connection));
    }
  }

  private goUp({ directions, cut }: Connection, bytes: Buffer, from: Socket): void {
    const { trap } = this;
    const found = trap ? bytes.indexOf(trap.point.pattern) : -1;
    if (!trap || found < 0) {
      directions.up.carry(bytes, from);
      return;
    }
    const { lead, holds } = trap.point;
    // What stands before the message goes its way; the message itself is held or, if its answer is to be, carried.
    const before = holds === 'up' ? Math.max(0, found - lead) : 0;
    if (before > 0) {
      directions.up.carry(bytes.subarray(0, before), from);
    }
    const holding = directions[holds].hold();
    directions.up.carry(bytes.subarray(before), from);
    trap.sprung({ holding, release: () => directions[holds].release(), cut });
  }
}
