import type { Action } from './actions';
import { type DeadLetter, sagaIdsOf } from './dead-letter';
import type { Done, Listing, Shown } from './dead-letters';
import type { Discarded, ShownDiscarded } from './discarded';
import { ago, counted, shorten } from './text';

/** Letters as text for a person. */

export function describeListing({ letters, seen, total }: Listing, now: Date): string {
  if (total === 0) {
    return 'There are no dead letters.';
  }
  const queues = [...new Set(letters.map((letter) => letter.queue))];
  const chapters = queues.map((queue) => {
    const inQueue = letters.filter((letter) => letter.queue === queue);
    return [
      `${queue}: ${counted(inQueue.length, 'dead letter')}`,
      ...inQueue.map((one) => describe(one, now)),
    ].join('\n');
  });
  const unseen = total - seen;
  if (letters.length === 0) {
    chapters.push(`None of the ${counted(seen, 'dead letter')} is one of these.`);
  }
  if (unseen > 0) {
    chapters.push(`${unseen} more were not looked at; raise --limit, or name a --queue.`);
  }
  return chapters.join('\n\n');
}

function describe(letter: DeadLetter, now: Date): string {
  const parked = letter.parked_at === undefined ? 'some time ago' : ago(new Date(letter.parked_at), now);
  const error = `${letter.error_code}: ${letter.error}`.replace(/\s+/g, ' ');
  return `  ${letter.id}  ${parked}  ${contentsOf(letter)}\n      ${shorten(error, 200)}`;
}

function contentsOf(letter: DeadLetter): string {
  const { events, sound, size } = letter;
  const sagas = sagaIdsOf(letter);
  const types = [...new Set(events.flatMap((event) => event.type ?? []))].map((type) => shorten(type, 40));
  const what = types.length > 0 ? types.slice(0, 3).join(', ') : counted(size, 'byte');
  const whose =
    sagas.length === 1 ? `saga ${sagas[0]}` : sagas.length > 1 ? counted(sagas.length, 'saga') : 'no saga';
  return `${what}, ${whose}${sound ? '' : ', not as the contract has it'}`;
}

export function describeLetter(letter: Shown, now: Date): string {
  const { id, queue, parked_at, error_code, error, headers, body, encoding, history } = letter;
  const parked = parked_at === undefined ? 'unknown' : `${parked_at} (${ago(new Date(parked_at), now)})`;
  return [
    `DeadLetter   ${id} of ${queue}`,
    `Parked   ${parked}`,
    `Error    ${error_code}: ${error.replace(/\s*\n\s*/g, '; ')}`,
    `Holds    ${contentsOf(letter)}`,
    `Headers  ${JSON.stringify(headers)}`,
    `Body     ${encoding === 'base64' ? '(no text, so in base64) ' : ''}${shorten(body, 10_000)}`,
    history.length === 0 ? 'History  none: nobody has redriven or discarded this message before' : 'History',
    ...history.map((action) => `  ${describeAction(action)}`),
  ].join('\n');
}

export function describeDiscarded(letters: readonly Discarded[], now: Date): string {
  if (letters.length === 0) {
    return 'No such letter has been discarded.';
  }
  const each = letters.map(({ id, queue, at, actor, reason, error_code, error }) => {
    const why = shorten(`${error_code}: ${error}`.replace(/\s+/g, ' '), 200);
    return `  ${id}  ${queue}, ${ago(at, now)} by ${actor}: ${reason}\n      ${why}`;
  });
  return [`${counted(letters.length, 'discarded letter')}, the latest first`, ...each].join('\n');
}

export function describeDiscardedLetter(letter: ShownDiscarded, now: Date): string {
  const { id, queue, at, actor, reason, parked_at, error_code, error } = letter;
  const { event_ids, size, headers, body, encoding } = letter;
  const whole = Buffer.byteLength(body, encoding) === size;
  const notes = [
    ...(encoding === 'base64' ? ['no text, so in base64'] : []),
    ...(whole ? [] : [`the beginning of ${size} bytes`]),
  ];
  return [
    `DeadLetter     ${id} of ${queue}`,
    `Discarded  ${at.toISOString()} (${ago(at, now)}) by ${actor}: ${reason}`,
    `Parked     ${parked_at ?? 'unknown'}`,
    `Error      ${error_code}: ${error.replace(/\s*\n\s*/g, '; ')}`,
    `Events     ${event_ids.join(', ') || 'none that can be told'}`,
    `Headers    ${JSON.stringify(headers)}`,
    `Body       ${notes.length === 0 ? '' : `(${notes.join('; ')}) `}${shorten(body, 10_000)}`,
  ].join('\n');
}

function describeAction({ at, actor, action, reason, detail }: Action): string {
  const parked = typeof detail.error === 'string' ? `, when its error was ${shorten(detail.error, 100)}` : '';
  return `${at.toISOString()}  ${action} by ${actor}${reason === null ? '' : `: ${reason}`}${parked}`.replace(
    /\s*\n\s*/g,
    '; ',
  );
}

export function describeDone(
  done: 'redriven' | 'discarded',
  { letters, seen, total }: Done,
  dryRun: boolean,
): string {
  const lines = letters.map((letter) => `  ${letter.id}  ${letter.queue}  ${contentsOf(letter)}`);
  const summary = `${counted(letters.length, 'letter')} ${dryRun ? 'would be' : letters.length === 1 ? 'was' : 'were'} ${done}.`;
  const left = total - seen;
  return [...lines, left > 0 ? `${summary} ${left} more were not looked at.` : summary].join('\n');
}
