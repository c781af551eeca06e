/**
 * When to ask again. The server decides: a `Retry-After` is not undercut, but for that of a second
 * in the first moments after a press. Between answers that bring no news the pause grows, so that a
 * page left open costs little; news resets it.
 */

export interface Pace {
  /** The first pause, and the one after news. */
  firstMs: number;
  /** The pause never grows beyond this by itself. */
  longestMs: number;
}

/** For the recording a person is waiting to hear. */
export const kEagerPace: Pace = { firstMs: 1000, longestMs: 3000 };
/** For rows of the list that nobody pressed. */
export const kCalmPace: Pace = { firstMs: 4000, longestMs: 30000 };
/** For a server that does not answer. */
export const kTroublePace: Pace = { firstMs: 2000, longestMs: 30000 };

/**
 * Most recordings come within two seconds of the press, so that is how long the page asks quickly
 * for the one that a person waits to hear: what they hear then is the recording, not our pause.
 */
const kQuickPauseMs = 250;
const kQuickQuestions = 8;
/** `Retry-After` counts whole seconds: one is all that a server can say for "soon". */
const kSoonMs = 1000;

const kGrowth = 1.5;
/** A header that asks for more than this is taken as this: a page should notice a mended server. */
const kLongestRetryAfterMs = 10 * 60 * 1000;

/**
 * The pause before the next question.
 *
 * @param unchanged how many answers in a row brought no news, 0 after news
 * @param retryAfterMs what the server asked for, null when it asked for nothing
 */
export function nextPause(pace: Pace, unchanged: number, retryAfterMs: number | null): number {
  const grown = Math.min(pace.longestMs, pace.firstMs * kGrowth ** unchanged);
  if (retryAfterMs === null) return Math.round(grown);
  return Math.round(Math.max(grown, Math.min(retryAfterMs, kLongestRetryAfterMs)));
}

/**
 * The pause before one of the first questions after a press; null when it is time for an ordinary
 * one, or when the server asked for more patience.
 *
 * @param asked how many questions there were since the press
 */
export function quickPause(asked: number, retryAfterMs: number | null): number | null {
  const isSoon = retryAfterMs === null || retryAfterMs <= kSoonMs;
  return asked < kQuickQuestions && isSoon ? kQuickPauseMs : null;
}

/** Reads `Retry-After` (RFC 9110 §10.2.3): seconds or a date. Null when absent or malformed. */
export function readRetryAfter(header: string | null, now: Date): number | null {
  if (header === null) return null;
  const text = header.trim();
  if (/^\d+$/.test(text)) return Number(text) * 1000;
  const date = Date.parse(text);
  return Number.isNaN(date) ? null : Math.max(0, date - now.getTime());
}
