import { setTimeout as pause } from 'node:timers/promises';

/** How long a test waits for what must come. */
export const waitMs = 60_000;
// Between two questions of a wait, to leave the processor to whoever is waited for.
const askAgainMs = 15;

/** Asks `question` until its answer satisfies `condition`; returns that answer, or rejects when it takes too long. */
export async function until(what, question, condition = Boolean, patienceMs = waitMs) {
  const deadline = Date.now() + patienceMs;
  for (;;) {
    const answer = await question();
    if (condition(answer)) return answer;
    if (Date.now() > deadline) throw new Error(`waited in vain for ${what}; last: ${JSON.stringify(answer)}`);
    await pause(askAgainMs);
  }
}
