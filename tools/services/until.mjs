import { setTimeout as pause } from 'node:timers/promises';

/** The longest wait of a test. */
export const waitMs = 60_000;
// The pause between two polls, which leaves the processor to other processes.
const askAgainMs = 15;

/** Polls `question` until its answer satisfies `condition`, and returns the answer; rejects when it takes too long. */
export async function until(what, question, condition = Boolean, patienceMs = waitMs) {
  const deadline = Date.now() + patienceMs;
  for (;;) {
    const answer = await question();
    if (condition(answer)) return answer;
    if (Date.now() > deadline) throw new Error(`waited in vain for ${what}; last: ${JSON.stringify(answer)}`);
    await pause(askAgainMs);
  }
}
