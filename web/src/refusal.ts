/** Why a press, a request or a playback failed, in plain words. Pure. */

import type { ApiFailure } from "./api";
import { join, sentence } from "./words";

/** The remedy on offer: `retry` retries at the provider, `again` repeats the press. */
export type Remedy = "retry" | "again" | null;

export interface Refusal {
  short: string;
  long: string;
  remedy: Remedy;
}

/** The texts of the page for statuses whose answer has no explanation. */
const kByStatus: Record<number, Refusal> = {
  0: { short: "No connection", long: "The server does not answer.", remedy: "again" },
  401: { short: "Signed out", long: "Sign in again to listen.", remedy: null },
  403: { short: "Not allowed", long: "This session may not play the recording.", remedy: null },
  404: {
    short: "Unknown recording",
    long: "The server does not know this recording.",
    remedy: null,
  },
  410: { short: "Gone", long: "The provider no longer has this recording.", remedy: null },
  424: { short: "Failed", long: "The recording could not be fetched.", remedy: "retry" },
  429: { short: "Too many requests", long: "The server asks for a pause.", remedy: "again" },
  503: { short: "Not available", long: "A part of the server is away.", remedy: "again" },
};

const kOther: Refusal = {
  short: "Something went wrong",
  long: "The server could not answer.",
  remedy: "again",
};

/** Text and remedy for an answer; the server's explanation has priority over ours. */
export function refusalOf(failure: ApiFailure): Refusal {
  const known = kByStatus[failure.status] ?? kOther;
  const { title, detail, cause } = failure.problem;
  const explained = sentence(cause?.detail || detail || title);
  return { ...known, long: explained || known.long };
}

/** The meaning of an audio element's error code (HTML standard, MediaError). */
export function mediaRefusal(code: number | undefined): Refusal {
  const kNetwork = 2;
  const kDecode = 3;
  if (code === kNetwork) {
    return {
      short: "Interrupted",
      long: "The connection broke off while playing.",
      remedy: "again",
    };
  }
  const long =
    code === kDecode
      ? "The browser could not decode the audio."
      : "The browser could not play this recording.";
  return {
    short: "Cannot play",
    long: join(long, "You may download it instead."),
    remedy: "again",
  };
}
