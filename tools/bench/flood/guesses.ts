import { Agent, RetryAgent, request } from 'undici';

/** Somebody who guesses passwords from many addresses. */
export interface Guesses {
  /** Counts by status. */
  readonly answers: Readonly<Record<number, number>>;
  stop(): Promise<void>;
}

const ADDRESSES = 100;
const PER_MINUTE = 10_000;
const TICK_MS = 60;
/** Far more than may wait for their turn, so that whoever is refused can be asked again at once. */
const MAX_OPEN = 1_000;

/**
 * Begins at once, with a new account and the next address for each guess.
 * @param url of account
 * @param network the first three numbers of the addresses
 */
export function startGuessing(url: string, network = '203.0.113'): Guesses {
  const agent = new Agent({ connections: MAX_OPEN });
  const answers: Record<number, number> = {};
  const open = new Set<Promise<void>>();
  let sent = 0;
  let isOver = false;
  const began = performance.now();
  const guess = async (number: number) => {
    const answer = await request(`${url}/login`, {
      dispatcher: agent,
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'x-forwarded-for': `${network}.${number % ADDRESSES}`,
      },
      body: JSON.stringify({ email: `buyer-${number}@example.com`, password: 'a wrong password' }),
    });
    await answer.body.dump();
    answers[answer.statusCode] = (answers[answer.statusCode] ?? 0) + 1;
  };
  const timer = setInterval(() => {
    const due = ((performance.now() - began) / 60_000) * PER_MINUTE;
    for (; sent < due && open.size < MAX_OPEN; sent++) {
      const one: Promise<void> = guess(sent)
        .catch((error) => {
          if (!isOver) {
            throw error;
          }
        })
        .finally(() => open.delete(one));
      open.add(one);
    }
  }, TICK_MS);
  return {
    answers,
    async stop() {
      clearInterval(timer);
      isOver = true;
      await agent.destroy();
      await Promise.all(open);
    },
  };
}

/** How often somebody tries again before they give up. */
const PATIENCE = 20;

/**
 * Registers somebody elsewhere, and returns how long it takes until they are logged in, in milliseconds. A busy account may answer
 * 503 first; they come back when its `Retry-After` says, as a browser's page would.
 */
export async function logInElsewhere(url: string): Promise<number> {
  const dispatcher = new RetryAgent(new Agent(), {
    methods: ['POST'],
    statusCodes: [503],
    maxRetries: PATIENCE,
  });
  const headers = { 'content-type': 'application/json', 'x-forwarded-for': '198.51.100.1' };
  const body = JSON.stringify({ email: 'known@example.com', password: 'a password that is right' });
  const post = async (path: string) => {
    const answer = await request(`${url}${path}`, { dispatcher, method: 'POST', headers, body });
    await answer.body.dump();
    if (answer.statusCode >= 300) {
      throw new Error(
        `Somebody who knows the password was answered ${answer.statusCode} by ${path} while others guessed.`,
      );
    }
  };
  try {
    await post('/register');
    const began = performance.now();
    await post('/login');
    return performance.now() - began;
  } finally {
    await dispatcher.close();
  }
}
