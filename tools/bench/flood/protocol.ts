/** What a flood consists of. All of it happens at the same time. */
export interface Flood {
  readonly port: number;
  /** What everybody reads. */
  readonly path: string;
  /** Connections that send all of their requests without waiting for an answer. */
  readonly pipelining: { readonly connections: number; readonly requests: number };
  /** Clients that send the next request as soon as they have an answer, whatever it says. */
  readonly clients: number;
}

/** Counts of answers, by status and reason: "200", "503 overloaded". */
export type Answers = Record<string, number>;

/** What the process that makes a flood says to its parent. It stops when the parent sends "stop". */
export type FloodMessage = { event: 'begun' } | { event: 'stopped'; answers: Answers };
