/** What the page says about a recording, in plain words. Pure: the same state gives the same text. */

import { formatBytes, formatClock, formatUntil, ordinal } from "./format";
import type { Standing } from "./types";

export type Tone = "quiet" | "good" | "busy" | "bad";

export interface Words {
  /** A few words, fit for a row: "Queued, 4th". */
  short: string;
  /** A sentence or two with the reason; empty when the short form says everything. */
  long: string;
  tone: Tone;
}

function queuedWords(standing: Standing, now: Date, locale: string): Words {
  const why = standing.why === null ? "" : sentence(standing.why);
  if (standing.position !== null && standing.position >= 1) {
    const place = ordinal(standing.position);
    const length = standing.queueLength;
    const ofHowMany = length !== null && length >= standing.position ? ` of ${length}` : "";
    return {
      short: `Queued, ${place}`,
      long: join(`It is ${place}${ofHowMany} in the queue.`, why),
      tone: "busy",
    };
  }
  if (standing.retryAt !== null && standing.retryAt.getTime() > now.getTime()) {
    const until = formatUntil(standing.retryAt, now);
    const clock = formatClock(standing.retryAt, locale);
    return {
      short: `Next try ${until}`,
      long: join(why, `The next try is at ${clock}.`),
      tone: "busy",
    };
  }
  return { short: "Queued", long: why, tone: "busy" };
}

function processingWords(standing: Standing): Words {
  const progress = standing.progress;
  const why = standing.why === null ? "" : sentence(standing.why);
  if (progress === null || (progress.percent === null && !progress.bytes)) {
    return { short: "Fetching", long: why, tone: "busy" };
  }
  if (progress.percent === null) {
    return { short: `Fetching, ${formatBytes(progress.bytes ?? 0)}`, long: why, tone: "busy" };
  }
  const amounts =
    progress.bytes !== null && progress.total !== null
      ? `${formatBytes(progress.bytes)} of ${formatBytes(progress.total)} have arrived.`
      : "";
  return { short: `Fetching ${progress.percent} %`, long: join(amounts, why), tone: "busy" };
}

function failedWords(standing: Standing): Words {
  const cause = standing.cause;
  const reason = cause?.detail || standing.why || (cause === null ? "" : `Cause: ${cause.code}.`);
  return {
    short: "Failed",
    long: reason === "" ? "The recording could not be fetched." : sentence(reason),
    tone: "bad",
  };
}

/** The texts for the state of a recording. */
export function describe(standing: Standing, now: Date, locale: string): Words {
  const detail = sentence(standing.cause?.detail || standing.why || "");
  switch (standing.state) {
    case "remote":
      return { short: "Not fetched yet", long: "", tone: "quiet" };
    case "queued":
      return queuedWords(standing, now, locale);
    case "processing":
      return processingWords(standing);
    case "stored":
      return { short: "Ready", long: "", tone: "good" };
    case "failed":
      return failedWords(standing);
    case "absent":
      return {
        short: "No audio",
        long: detail || "The provider has no audio for this call.",
        tone: "quiet",
      };
    case "deleted":
      return {
        short: "Deleted",
        long: detail || "The recording was deleted.",
        tone: "quiet",
      };
  }
}

/** True while the page should poll. */
export function isWaiting(standing: Standing): boolean {
  return standing.state === "queued" || standing.state === "processing";
}

/** False when no press can make it play. An absent recording may appear on a retry. */
export function isPlayable(standing: Standing): boolean {
  return standing.state !== "deleted";
}

/** True when two states have the same texts, so that the answer was no news. */
export function readsSame(one: Standing, other: Standing): boolean {
  return (
    one.state === other.state &&
    one.position === other.position &&
    one.queueLength === other.queueLength &&
    one.why === other.why &&
    one.retryAt?.getTime() === other.retryAt?.getTime() &&
    one.progress?.bytes === other.progress?.bytes &&
    one.progress?.percent === other.progress?.percent
  );
}

/** Adds a capital and a full stop: the server's reasons may be fragments. */
export function sentence(text: string): string {
  const trimmed = text.trim();
  if (trimmed === "") return "";
  const capital = trimmed.charAt(0).toUpperCase() + trimmed.slice(1);
  return /[.!?…]$/.test(capital) ? capital : `${capital}.`;
}

/** Joins sentences with a space, leaving empty ones out. */
export function join(...sentences: string[]): string {
  return sentences.filter((part) => part !== "").join(" ");
}
