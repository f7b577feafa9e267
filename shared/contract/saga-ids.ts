/**
 * What the services agree on about the ids of sagas: the attempts of an order's life are numbered by the last six
 * hexadecimal digits, and the digits before them are the life's own (docs/decisions/0022).
 */
const OWN_LENGTH = 30;

export function firstOfLife(sagaId: string): string {
  return `${sagaId.slice(0, OWN_LENGTH)}000000`;
}

/** Returns the highest id that an attempt of the same life can have. */
export function lastOfLife(sagaId: string): string {
  return `${sagaId.slice(0, OWN_LENGTH)}ffffff`;
}
