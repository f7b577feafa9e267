import { type DeadLetter, sagaIdsOf } from './dead-letter';
import type { Listing, ShownDeadLetter } from './dead-letters';
import type { Discarded, ShownDiscarded } from './discarded';
import type { Action } from './operator-actions';
import type { Result } from './take-dead-letters';
import { ago, counted, shorten } from './text';

/** Dead letters as text for a person. */

export function describeListing({ letters, seen, total }: Listing, now: Date): string {
  if (total === 0) {
    return 'There are no dead letters.';
  }
  const queues = [...new Set(letters.map((deadLetter) => deadLetter.queue))];
  const chapters = queues.map((queue) => {
    const inQueue = letters.filter((deadLetter) => deadLetter.queue === queue);
    return [
      `${queue}: ${counted(inQueue.length, 'dead letter')}`,
      ...inQueue.map((deadLetter) => describe(deadLetter, now)),
    ].join('\n');
  });
  const unseen = total - seen;
  if (letters.length === 0) {
    chapters.push(`None of the ${counted(seen, 'dead letter')} matches.`);
  }
  if (unseen > 0) {
    chapters.push(`${unseen} more were not read. Raise --limit, or choose a --queue.`);
  }
  return chapters.join('\n\n');
}

function describe(deadLetter: DeadLetter, now: Date): string {
  const { id, parked_at, error_code, error } = deadLetter;
  const parked = parked_at === undefined ? 'some time ago' : ago(new Date(parked_at), now);
  const cause = `${error_code}: ${error}`.replace(/\s+/g, ' ');
  return `  ${id}  ${parked}  ${contentsOf(deadLetter)}\n      ${shorten(cause, 200)}`;
}

function contentsOf(deadLetter: DeadLetter): string {
  const { events, sound, size } = deadLetter;
  const sagas = sagaIdsOf(deadLetter);
  const types = [...new Set(events.flatMap((event) => event.type ?? []))].map((type) => shorten(type, 40));
  const contents = types.length > 0 ? types.slice(0, 3).join(', ') : counted(size, 'byte');
  const about =
    sagas.length === 1 ? `saga ${sagas[0]}` : sagas.length > 1 ? counted(sagas.length, 'saga') : 'no saga';
  return `${contents}, ${about}${sound ? '' : ', does not follow the contract'}`;
}

export function describeDeadLetter(deadLetter: ShownDeadLetter, now: Date): string {
  const { id, queue, parked_at, error_code, error, advice, headers, body, encoding, history } = deadLetter;
  const parked = parked_at === undefined ? 'unknown' : `${parked_at} (${ago(new Date(parked_at), now)})`;
  return [
    `Dead letter  ${id} of ${queue}`,
    `Parked       ${parked}`,
    `Error        ${error_code}: ${error.replace(/\s*\n\s*/g, '; ')}`,
    ...(advice === undefined ? [] : [`To do        ${advice}`]),
    `Contains     ${contentsOf(deadLetter)}`,
    `Headers      ${JSON.stringify(headers)}`,
    `Body         ${encoding === 'base64' ? '(not text, so in base64) ' : ''}${shorten(body, 10_000)}`,
    history.length === 0
      ? 'History      none: this message was never redriven or discarded before'
      : 'History',
    ...history.map((action) => `  ${describeAction(action)}`),
  ].join('\n');
}

export function describeDiscarded(letters: readonly Discarded[], now: Date): string {
  if (letters.length === 0) {
    return 'No dead letter has been discarded.';
  }
  const each = letters.map(({ id, queue, at, actor, reason, error_code, error }) => {
    const why = shorten(`${error_code}: ${error}`.replace(/\s+/g, ' '), 200);
    return `  ${id}  ${queue}, ${ago(at, now)} by ${actor}: ${reason}\n      ${why}`;
  });
  return [`${counted(letters.length, 'discarded dead letter')}, latest first`, ...each].join('\n');
}

export function describeDiscardedDeadLetter(discarded: ShownDiscarded, now: Date): string {
  const { id, queue, at, actor, reason, parked_at, error_code, error } = discarded;
  const { event_ids, size, headers, body, encoding } = discarded;
  const kept = Buffer.byteLength(body, encoding);
  const notes = [
    ...(encoding === 'base64' ? ['not text, so in base64'] : []),
    ...(kept === size ? [] : [`the first ${kept} of ${size} bytes`]),
  ];
  return [
    `Dead letter  ${id} of ${queue}`,
    `Discarded    ${at.toISOString()} (${ago(at, now)}) by ${actor}: ${reason}`,
    `Parked       ${parked_at ?? 'unknown'}`,
    `Error        ${error_code}: ${error.replace(/\s*\n\s*/g, '; ')}`,
    `Events       ${event_ids.join(', ') || 'none that can be read'}`,
    `Headers      ${JSON.stringify(headers)}`,
    `Body         ${notes.length === 0 ? '' : `(${notes.join('; ')}) `}${shorten(body, 10_000)}`,
  ].join('\n');
}

function describeAction({ at, actor, action, reason, detail }: Action): string {
  const error = typeof detail.error === 'string' ? ` (its error: ${shorten(detail.error, 100)})` : '';
  return `${at.toISOString()}  ${action} by ${actor}${reason === null ? '' : `: ${reason}`}${error}`.replace(
    /\s*\n\s*/g,
    '; ',
  );
}

export function describeResult(
  done: 'redriven' | 'discarded',
  { letters, seen, total }: Result,
  dryRun: boolean,
): string {
  const lines = letters.map(
    (deadLetter) => `  ${deadLetter.id}  ${deadLetter.queue}  ${contentsOf(deadLetter)}`,
  );
  const verb = dryRun ? 'would be' : letters.length === 1 ? 'was' : 'were';
  const summary = `${counted(letters.length, 'dead letter')} ${verb} ${done}.`;
  const left = total - seen;
  return [...lines, left > 0 ? `${summary} ${left} more were not read.` : summary].join('\n');
}
