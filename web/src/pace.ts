/**
 * The pauses between requests. The server decides: a pause is never shorter than `Retry-After`, except
 * one of a second just after a press. The pause grows while answers are unchanged, so that an open
 * page costs little; news resets it.
 */

export interface Pace {
  /** The first pause, and the pause after news. */
  firstMs: number;
  /** The longest pause, unless the server wants a longer one. */
  longestMs: number;
}

/** For the recording a person is waiting to hear. */
export const kEagerPace: Pace = { firstMs: 1000, longestMs: 3000 };
/** For the other rows of the list. */
export const kCalmPace: Pace = { firstMs: 4000, longestMs: 30000 };
/** For a server that does not answer. */
export const kTroublePace: Pace = { firstMs: 2000, longestMs: 30000 };

/**
 * Most recordings arrive within two seconds of the press. For that time the page asks in quick
 * succession for the recording that the person waits for, so that the pause adds no delay.
 */
const kQuickPauseMs = 250;
const kQuickQuestions = 8;
/** `Retry-After` has whole seconds: one is the shortest that a server can say. */
const kSoonMs = 1000;

const kGrowth = 1.5;
/** The greatest accepted `Retry-After`, so that the page notices a repaired server. */
const kLongestRetryAfterMs = 10 * 60 * 1000;

/**
 * The pause before the next request.
 *
 * @param unchanged number of unchanged answers in a row, 0 after news
 * @param retryAfterMs the pause that the server wants, null for none
 */
export function nextPause(pace: Pace, unchanged: number, retryAfterMs: number | null): number {
  const grown = Math.min(pace.longestMs, pace.firstMs * kGrowth ** unchanged);
  if (retryAfterMs === null) return Math.round(grown);
  return Math.round(Math.max(grown, Math.min(retryAfterMs, kLongestRetryAfterMs)));
}

/**
 * The pause before one of the first requests after a press; null when the ordinary pause applies, or
 * when the server wants a longer one.
 *
 * @param asked number of requests since the press
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
