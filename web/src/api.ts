/**
 * The one place that talks to the server. Each outcome that a press can cause is a value
 * (`PressAnswer`); a failure that stops the caller is thrown (`ApiFailure`).
 */

import { readRetryAfter } from "./pace";
import { readWaveform, type Waveform } from "./peaks";
import {
  readCallPage,
  readProblem,
  readSession,
  readStanding,
  type CallPage,
  type Problem,
  type Session,
  type Standing,
} from "./types";

/** A failed request. `status` 0: no answer at all. */
export class ApiFailure extends Error {
  constructor(
    readonly status: number,
    readonly problem: Problem,
    readonly retryAfterMs: number | null,
  ) {
    super(problem.detail || problem.title || `HTTP ${status}`);
  }
}

/** The outcome of a press of play or retry. */
export type PressAnswer =
  | { kind: "ready" }
  | { kind: "waiting"; standing: Standing; retryAfterMs: number | null }
  | { kind: "refused"; failure: ApiFailure };

export interface StatusAnswer {
  standing: Standing;
  retryAfterMs: number | null;
}

export interface CallQuery {
  search: string;
  direction: "" | "inbound" | "outbound";
}

/** Entries in one request: a few screens, quick to draw on a phone. */
const kPageSize = 50;

const kNoProblem: Problem = { title: "", detail: "", cause: null };

function isAbort(error: unknown): boolean {
  return error instanceof DOMException && error.name === "AbortError";
}

async function jsonOf(response: Response): Promise<unknown> {
  try {
    return await response.json();
  } catch {
    return null; // An answer without a body, or one that broke off: its status still speaks.
  }
}

/** Reads an unneeded body: an unread answer holds its connection, and a browser has six. */
async function drain(response: Response): Promise<void> {
  await response.text().catch(() => "");
}

async function failureOf(response: Response): Promise<ApiFailure> {
  const problem = readProblem(await jsonOf(response));
  const retryAfter = readRetryAfter(response.headers.get("Retry-After"), new Date());
  return new ApiFailure(response.status, problem, retryAfter);
}

export class Api {
  /** The business an operator acts for; ignored in the session of one business. */
  businessId: string | null = null;
  /** Called when the server no longer knows the session. */
  onSignedOut: () => void = () => {};

  private csrfToken_ = "";
  private isOperator_ = false;

  /** Null when nobody is signed in. Throws ApiFailure on any other trouble. */
  async session(): Promise<Session | null> {
    const response = await this.send("GET", "/api/session", {}, false);
    if (response.status === 401) {
      await drain(response);
      return null;
    }
    if (!response.ok) throw await failureOf(response);
    const session = readSession(await jsonOf(response));
    this.csrfToken_ = session.csrfToken;
    this.isOperator_ = session.operator;
    return session;
  }

  /** Signs in with an API key. Throws ApiFailure; 401 means that the key is not valid. */
  async signIn(key: string): Promise<void> {
    const response = await this.send(
      "POST",
      "/api/session",
      { body: JSON.stringify({ key }), headers: { "Content-Type": "application/json" } },
      false,
    );
    if (!response.ok) throw await failureOf(response);
    await drain(response);
  }

  async signOut(): Promise<void> {
    const response = await this.send("DELETE", "/api/session", {}, false);
    if (!response.ok && response.status !== 401) throw await failureOf(response);
    await drain(response);
    this.csrfToken_ = "";
    this.isOperator_ = false;
    this.businessId = null;
  }

  /** One page of calls, newest first. Starts nothing on the server. */
  async calls(query: CallQuery, cursor: string | null, signal: AbortSignal): Promise<CallPage> {
    const parameters = new URLSearchParams({ limit: String(kPageSize) });
    if (query.search !== "") parameters.set("search", query.search);
    if (query.direction !== "") parameters.set("direction", query.direction);
    if (cursor !== null) parameters.set("cursor", cursor);
    const response = await this.send("GET", `/api/calls?${parameters}`, { signal });
    if (!response.ok) throw await failureOf(response);
    return readCallPage(await jsonOf(response));
  }

  /**
   * Requests one byte of a recording. So the server learns of the press of play, and the audio is
   * not fetched twice. Never throws.
   */
  async press(sid: string): Promise<PressAnswer> {
    const headers = { Range: "bytes=0-0" };
    return this.pressAnswer(() => this.send("GET", recordingPath(sid, "stream"), { headers }));
  }

  /** Retries a failed recording. Never throws. */
  async retry(sid: string): Promise<PressAnswer> {
    return this.pressAnswer(() => this.send("POST", recordingPath(sid, "retry")));
  }

  /** The state of a recording; never enqueues. Throws ApiFailure. */
  async status(sid: string, signal: AbortSignal): Promise<StatusAnswer> {
    const response = await this.send("GET", recordingPath(sid, "status"), { signal });
    if (!response.ok) throw await failureOf(response);
    const standing = readStanding(await jsonOf(response));
    if (standing === null) throw new ApiFailure(response.status, kNoProblem, null);
    const retryAfterMs = readRetryAfter(response.headers.get("Retry-After"), new Date());
    return { standing, retryAfterMs };
  }

  /** The waveform of a stored recording: "pending" before its measure, null without one. Never throws. */
  async waveform(sid: string): Promise<Waveform | "pending" | null> {
    try {
      const response = await this.send("GET", recordingPath(sid, "peaks"));
      const value = await jsonOf(response);
      if (response.status === 202) return "pending";
      return response.ok ? readWaveform(value) : null;
    } catch (error) {
      if (error instanceof ApiFailure) return null;
      throw error;
    }
  }

  /** The address for an audio element or a link, which cannot carry the operator's header. */
  streamUrl(sid: string, options: { download: boolean }): string {
    const parameters = new URLSearchParams();
    if (this.isOperator_ && this.businessId !== null) {
      parameters.set("business_id", this.businessId);
    }
    if (options.download) parameters.set("download", "1");
    const query = parameters.toString();
    return recordingPath(sid, "stream") + (query === "" ? "" : `?${query}`);
  }

  private async pressAnswer(request: () => Promise<Response>): Promise<PressAnswer> {
    try {
      const response = await request();
      if (response.status === 200 || response.status === 206) {
        // The element fetches the audio itself: drop the body of this answer.
        await response.body?.cancel();
        return { kind: "ready" };
      }
      if (response.status !== 202) return { kind: "refused", failure: await failureOf(response) };
      const standing = readStanding(await jsonOf(response));
      if (standing === null) {
        return { kind: "refused", failure: new ApiFailure(202, kNoProblem, null) };
      }
      if (standing.state === "stored") return { kind: "ready" };
      const retryAfterMs = readRetryAfter(response.headers.get("Retry-After"), new Date());
      return { kind: "waiting", standing, retryAfterMs };
    } catch (error) {
      if (error instanceof ApiFailure) return { kind: "refused", failure: error };
      throw error;
    }
  }

  /** Sends a request with the session's headers. Throws ApiFailure with status 0 without an answer. */
  private async send(
    method: string,
    path: string,
    init: RequestInit = {},
    forBusiness = true,
  ): Promise<Response> {
    const headers = new Headers(init.headers);
    headers.set("Accept", "application/json, application/problem+json, audio/*");
    if (method !== "GET" && this.csrfToken_ !== "") headers.set("X-CSRF-Token", this.csrfToken_);
    if (forBusiness && this.isOperator_ && this.businessId !== null) {
      headers.set("X-Business-Id", this.businessId);
    }
    let response: Response;
    try {
      response = await fetch(path, {
        ...init,
        method,
        headers,
        credentials: "same-origin",
        cache: "no-store",
      });
    } catch (error) {
      if (isAbort(error)) throw error;
      throw new ApiFailure(0, kNoProblem, null);
    }
    if (response.status === 401 && forBusiness) this.onSignedOut();
    return response;
  }
}

function recordingPath(sid: string, leaf: "stream" | "status" | "retry" | "peaks"): string {
  return `/api/recordings/${encodeURIComponent(sid)}/${leaf}`;
}

/** True for a request that the page aborted itself, which needs no message. */
export function wasWithdrawn(error: unknown): boolean {
  return isAbort(error);
}
