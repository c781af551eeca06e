/**
 * The types of the HTTP interface that the page uses, and their readers.
 *
 * Readers are tolerant: fields may be added at any time and optional ones may be missing, so an
 * unknown state or an absent field must never break the list. They are strict about types: a returned
 * value has the declared type.
 */

export const kRecordingStates = [
  "remote",
  "queued",
  "processing",
  "stored",
  "failed",
  "absent",
  "deleted",
] as const;
export type RecordingState = (typeof kRecordingStates)[number];

export interface Progress {
  /** Bytes received so far. */
  bytes: number | null;
  /** Bytes expected, when the provider said so. */
  total: number | null;
  /** 0 to 100, when it is known. */
  percent: number | null;
}

export interface Cause {
  code: string;
  detail: string;
}

/** The state of a recording: the answer of `/status`, of a 202, and part of a list entry. */
export interface Standing {
  state: RecordingState;
  /** Place in the queue of the business, 1 is next; null while delayed or not queued. */
  position: number | null;
  queueLength: number | null;
  why: string | null;
  /** The time of the retry. */
  retryAt: Date | null;
  progress: Progress | null;
  cause: Cause | null;
}

export interface Recording extends Standing {
  /** The id of the recording in paths: its own `RE…`, or the `CA…` of its call. */
  sid: string;
}

export type Direction = "inbound" | "outbound" | "unknown";

export interface Party {
  /** A phone number in E.164, a SIP address, or the text of the host application. */
  address: string;
  /** The name the host application gave, if any. */
  name: string | null;
}

export interface Call {
  callSid: string;
  from: Party;
  to: Party;
  direction: Direction;
  startedAt: Date | null;
  /** Whole seconds. */
  duration: number | null;
  recording: Recording | null;
}

export interface CallPage {
  calls: Call[];
  nextCursor: string | null;
}

export interface Session {
  businessId: string | null;
  operator: boolean;
  businesses: string[];
  csrfToken: string;
}

type Fields = Record<string, unknown>;

function fieldsOf(value: unknown): Fields {
  return typeof value === "object" && value !== null ? (value as Fields) : {};
}

function textOf(value: unknown): string | null {
  return typeof value === "string" && value !== "" ? value : null;
}

function numberOf(value: unknown): number | null {
  return typeof value === "number" && Number.isFinite(value) && value >= 0 ? value : null;
}

function dateOf(value: unknown): Date | null {
  const text = textOf(value);
  if (text === null) return null;
  const date = new Date(text);
  return Number.isNaN(date.getTime()) ? null : date;
}

function listOf(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

function stateOf(value: unknown): RecordingState | null {
  return kRecordingStates.find((state) => state === value) ?? null;
}

function readProgress(value: unknown): Progress | null {
  if (typeof value !== "object" || value === null) return null;
  const fields = fieldsOf(value);
  const bytes = numberOf(fields["bytes"]);
  const total = numberOf(fields["total"]);
  let percent = numberOf(fields["percent"]);
  if (percent === null && bytes !== null && total !== null && total > 0) {
    percent = (100 * bytes) / total;
  }
  if (percent !== null) percent = Math.min(100, Math.floor(percent));
  return { bytes, total, percent };
}

function readCause(value: unknown): Cause | null {
  if (typeof value === "string") return value === "" ? null : { code: "", detail: value };
  const fields = fieldsOf(value);
  const code = textOf(fields["code"]) ?? "";
  const detail = textOf(fields["detail"]) ?? "";
  return code === "" && detail === "" ? null : { code, detail };
}

/**
 * Reads the state of a recording. `/status` has `state`, a 202 has `status`. Null for an answer with
 * neither, or with an unknown state.
 */
export function readStanding(value: unknown): Standing | null {
  const fields = fieldsOf(value);
  const state = stateOf(fields["state"] ?? fields["status"]);
  if (state === null) return null;
  return {
    state,
    position: numberOf(fields["position"]),
    queueLength: numberOf(fields["queue_length"]),
    why: textOf(fields["why"]),
    retryAt: dateOf(fields["retry_at"]),
    progress: readProgress(fields["progress"]),
    cause: readCause(fields["cause"]),
  };
}

function readRecording(value: unknown, callSid: string): Recording | null {
  if (typeof value !== "object" || value === null) return null;
  const standing = readStanding(value);
  if (standing === null) return null;
  return { ...standing, sid: textOf(fieldsOf(value)["sid"]) ?? callSid };
}

/** `Dana Levi <+972501234567>`: a name with an address behind it, as in a mail header. */
const kNameAndAddress =
  /^\s*"?([^"<>]*[^"<>\s])"?\s*<(\+[\d\s().-]{5,}|sips?:[^<>\s]+|client:[^<>]+)>\s*$/i;

/** A host application may name a party by number, by name, or by both. */
function readParty(address: unknown, name: unknown): Party {
  const text = textOf(address) ?? "";
  const both = kNameAndAddress.exec(text);
  if (both === null) return { address: text, name: textOf(name) };
  const [, shownName = "", shownAddress = ""] = both;
  const isNumber = shownAddress.startsWith("+");
  return {
    address: isNumber ? shownAddress.replace(/[\s().-]/g, "") : shownAddress,
    name: textOf(name) ?? shownName,
  };
}

function readCall(value: unknown): Call | null {
  const fields = fieldsOf(value);
  const callSid = textOf(fields["call_sid"]);
  if (callSid === null) return null;
  const direction = fields["direction"];
  return {
    callSid,
    from: readParty(fields["from"], fields["from_name"]),
    to: readParty(fields["to"], fields["to_name"]),
    direction: direction === "inbound" || direction === "outbound" ? direction : "unknown",
    startedAt: dateOf(fields["started_at"]),
    duration: numberOf(fields["duration"]),
    recording: readRecording(fields["recording"], callSid),
  };
}

/** Reads one page of calls; entries that are not calls are left out. */
export function readCallPage(value: unknown): CallPage {
  const fields = fieldsOf(value);
  const calls = listOf(fields["calls"])
    .map(readCall)
    .filter((call): call is Call => call !== null);
  return { calls, nextCursor: textOf(fields["next_cursor"]) };
}

export function readSession(value: unknown): Session {
  const fields = fieldsOf(value);
  return {
    businessId: textOf(fields["business_id"]),
    operator: fields["operator"] === true,
    businesses: listOf(fields["businesses"]).filter((id): id is string => typeof id === "string"),
    csrfToken: textOf(fields["csrf_token"]) ?? "",
  };
}

/** The parts of a problem (RFC 9457) that a person needs. */
export interface Problem {
  title: string;
  detail: string;
  cause: Cause | null;
}

export function readProblem(value: unknown): Problem {
  const fields = fieldsOf(value);
  return {
    title: textOf(fields["title"]) ?? "",
    detail: textOf(fields["detail"]) ?? "",
    cause: readCause(fields["cause"]),
  };
}
