import { type ClientAction, describeFailure, type HttpInput, runClient } from './raw-socket';
import type { Target } from './target';

const CONCURRENT_CLIENTS = 25;

/**
 * Sends all inputs, some at a time, and returns what was wrong with the answers.
 * @param change what each text becomes before it is sent
 * @param onReceived gets what each client has received
 */
export async function findFailures(
  target: Target,
  inputs: readonly HttpInput[],
  portOf: (input: HttpInput) => number,
  { change = (text: string) => text, onReceived = (_: string) => {} } = {},
): Promise<string[]> {
  const failures: string[] = [];
  const queue = [...inputs];
  const prepare = (action: ClientAction) =>
    typeof action === 'string' ? change(target.insertIds(action)) : action;
  const client = async () => {
    for (let input = queue.shift(); input !== undefined; input = queue.shift()) {
      const received = await runClient(portOf(input), input.actions.map(prepare));
      onReceived(received);
      const failure = describeFailure(input, received);
      if (failure !== undefined) {
        failures.push(`${input.name}: ${failure}`);
      }
    }
  };
  await Promise.all(Array.from({ length: CONCURRENT_CLIENTS }, client));
  return failures;
}
