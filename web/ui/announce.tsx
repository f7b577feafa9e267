import { createStore } from '../client/store';
import { useStore } from './use-store';

const said = createStore<{ readonly text: string; readonly turn: number }>({ text: '', turn: 0 });

/** Tells people who cannot see the page what has just happened on it. */
export function announce(text: string): void {
  said.set({ text, turn: said.get().turn + 1 });
}

export function Announcer() {
  const { text, turn } = useStore(said);
  // What is said twice is heard twice only if the text changes.
  return (
    <div className="unseen" role="status" aria-live="polite">
      {turn % 2 === 0 ? text : `${text}\u00a0`}
    </div>
  );
}
