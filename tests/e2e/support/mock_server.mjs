/**
 * A mock of Tapedeck's HTTP interface, for tests of the page alone. Recordings change their state
 * only when a test calls `set()`.
 */
import { createReadStream, existsSync, statSync } from "node:fs";
import { createServer } from "node:http";
import { extname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";

import { makeCalls } from "./mock_calls.mjs";
import { makeTone } from "./tone.mjs";

const kPageFolder =
  process.env.TAPEDECK_PAGE_FOLDER ?? fileURLToPath(new URL("../../../web/dist/", import.meta.url));
const kContentTypes = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
  ".css": "text/css",
  ".svg": "image/svg+xml",
};
const kPolicy =
  "default-src 'self'; media-src 'self' blob:; img-src 'self' data:; style-src 'self'; script-src 'self'; " +
  "frame-ancestors 'none'; base-uri 'none'; form-action 'self'";
const kToneSeconds = 40;
const kTone = makeTone(kToneSeconds);
/** Its waveform: quiet at the beginning, loud at the end. */
const kTonePeaks = Array.from({ length: 200 }, (_, i) => (i % 2 === 0 ? -1 : 1) * (i < 100 ? 0.1 : 0.5));
const kToneTag = '"tone-40"';

export const kBusinessKey = "tdk_business_harbour";
export const kOperatorKey = "tdk_operator";
const kBusinesses = ["harbour-dental", "northside-motors", "lumen-legal"];
const kFillersOf = { "harbour-dental": 111, "northside-motors": 3, "lumen-legal": 0 };

function send(response, status, body, headers = {}) {
  const isProblem = status >= 400;
  const text = body === null ? "" : JSON.stringify(body);
  response.writeHead(status, {
    ...(body === null
      ? {}
      : { "Content-Type": isProblem ? "application/problem+json" : "application/json" }),
    ...headers,
  });
  response.end(text);
}

function sendProblem(response, status, title, detail = "", more = {}, headers = {}) {
  send(response, status, { type: "about:blank", title, status, detail, ...more }, headers);
}

/** One range, as far as the tests of the page need it. */
function sendTone(request, response, isDownload) {
  const total = kTone.length;
  const match = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? "");
  const headers = {
    "Content-Type": "audio/x-wav",
    "Accept-Ranges": "bytes",
    ETag: kToneTag,
    "Cache-Control": "private, no-cache",
    ...(isDownload ? { "Content-Disposition": 'attachment; filename="call.wav"' } : {}),
  };
  if (match === null) {
    response.writeHead(200, { ...headers, "Content-Length": total });
    response.end(kTone);
    return;
  }
  const first = Number(match[1]);
  const last = match[2] === "" ? total - 1 : Math.min(Number(match[2]), total - 1);
  if (first >= total) {
    response.writeHead(416, { ...headers, "Content-Range": `bytes */${total}` });
    response.end();
    return;
  }
  response.writeHead(206, {
    ...headers,
    "Content-Length": last - first + 1,
    "Content-Range": `bytes ${first}-${last}/${total}`,
  });
  response.end(kTone.subarray(first, last + 1));
}

async function bodyOf(request) {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks).toString("utf8");
}

class MockServer {
  constructor() {
    const now = Date.now();
    this.businesses = new Map(
      kBusinesses.map((id, index) => [id, makeCalls(now, kFillersOf[id], 1 + 1000 * index)]),
    );
    this.standings = new Map();
    this.sessions = new Map();
    this.logins = new Map([
      ["once-business", "harbour-dental"],
      ["once-operator", null],
    ]);
    /** Every request: method, path with query, the headers that tests check. */
    this.requests = [];
    /** Status of every answer about recordings, to imitate an unavailable part; null: none. */
    this.fault = null;
    /** Recordings without a waveform, and the number of "pending" answers of the others. */
    this.withoutPeaks = new Set();
    this.pendingPeaks = 0;
    /** The next states after a stream or a retry of a recording that is not stored. */
    this.onAsked = new Map();
    this.nextSession = 1;
    for (const { calls } of this.businesses.values()) {
      for (const call of calls) {
        if (call.recording !== null) this.standings.set(call.recording.sid, call.recording);
      }
    }
  }

  /** Sets the state of a recording, which is the body of the next answer. */
  set(sid, standing) {
    const recording = this.standings.get(sid);
    for (const field of Object.keys(recording)) if (field !== "sid") delete recording[field];
    Object.assign(recording, standing);
  }

  /** Ends every session, as a restart with another SECRET_KEY would. */
  endSessions() {
    this.sessions.clear();
  }

  async start() {
    this.server = createServer((request, response) => {
      this.answer(request, response).catch((error) => {
        response.destroy(error);
      });
    });
    await new Promise((resolve) => this.server.listen(0, "127.0.0.1", resolve));
    this.baseUrl = `http://127.0.0.1:${this.server.address().port}`;
  }

  async stop() {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  async answer(request, response) {
    const url = new URL(request.url, this.baseUrl);
    this.requests.push({
      method: request.method,
      path: url.pathname,
      query: url.search,
      range: request.headers.range ?? null,
      business: request.headers["x-business-id"] ?? null,
      csrf: request.headers["x-csrf-token"] ?? null,
    });
    response.setHeader("Content-Security-Policy", kPolicy);
    if (url.pathname === "/login") return this.login(url, response);
    if (!url.pathname.startsWith("/api/")) return this.file(url, response);
    if (url.pathname === "/api/session") return this.session(request, response);

    const session = this.sessionOf(request);
    if (session === null) return sendProblem(response, 401, "Credentials required");
    if (request.method !== "GET" && request.headers["x-csrf-token"] !== session.csrf) {
      return sendProblem(response, 403, "The request lacks the session's X-CSRF-Token");
    }
    const business = session.operator
      ? (request.headers["x-business-id"] ?? url.searchParams.get("business_id"))
      : session.business;
    if (!this.businesses.has(business))
      return sendProblem(response, 400, "Name a business in X-Business-Id");
    if (url.pathname === "/api/calls") return this.calls(url, response, business);
    const match = /^\/api\/recordings\/(\w+)\/(stream|status|retry|peaks)$/.exec(url.pathname);
    if (match === null) return sendProblem(response, 404, "No such path");
    return this.recording(request, response, url, match[1], match[2]);
  }

  login(url, response) {
    const token = url.searchParams.get("token");
    if (!this.logins.has(token))
      return sendProblem(response, 401, "The link was used or has expired");
    const cookie = this.openSession(this.logins.get(token));
    this.logins.delete(token);
    response.writeHead(303, { Location: "/", "Set-Cookie": cookie });
    response.end();
  }

  openSession(business) {
    const id = `s${this.nextSession++}`;
    this.sessions.set(id, { business, operator: business === null, csrf: `csrf-${id}` });
    return `tapedeck=${id}; Path=/; HttpOnly; SameSite=Strict`;
  }

  sessionOf(request) {
    const match = /tapedeck=(\w+)/.exec(request.headers.cookie ?? "");
    return (match && this.sessions.get(match[1])) ?? null;
  }

  async session(request, response) {
    if (request.method === "POST") {
      const { key } = JSON.parse(await bodyOf(request));
      if (key !== kBusinessKey && key !== kOperatorKey) {
        return sendProblem(response, 401, "The key is not valid");
      }
      const business = key === kOperatorKey ? null : "harbour-dental";
      return send(response, 204, null, { "Set-Cookie": this.openSession(business) });
    }
    const session = this.sessionOf(request);
    if (session === null) return sendProblem(response, 401, "Credentials required");
    if (request.method === "DELETE") {
      if (request.headers["x-csrf-token"] !== session.csrf)
        return sendProblem(response, 403, "No token");
      this.sessions.delete(/tapedeck=(\w+)/.exec(request.headers.cookie)[1]);
      return send(response, 204, null, { "Set-Cookie": "tapedeck=; Path=/; Max-Age=0" });
    }
    send(response, 200, {
      business_id: session.business,
      operator: session.operator,
      businesses: session.operator ? kBusinesses : [session.business],
      csrf_token: session.csrf,
    });
  }

  calls(url, response, business) {
    const search = (url.searchParams.get("search") ?? "").toLowerCase();
    const direction = url.searchParams.get("direction");
    const limit = Number(url.searchParams.get("limit") ?? 50);
    const start = Number(url.searchParams.get("cursor") ?? 0);
    const matching = this.businesses.get(business).calls.filter((call) => {
      const text = `${call.from} ${call.to} ${call.call_sid}`.toLowerCase();
      return text.includes(search) && (!direction || call.direction === direction);
    });
    const end = start + limit;
    send(response, 200, {
      calls: matching.slice(start, end),
      next_cursor: end < matching.length ? String(end) : null,
    });
  }

  peaks(response, sid, recording) {
    if (recording.state !== "stored") return send(response, 202, { status: recording.state });
    if (this.withoutPeaks.has(sid))
      return sendProblem(response, 424, "The recording has no waveform", "It is not audio");
    if (this.pendingPeaks-- > 0) return send(response, 202, { status: "pending" }, { "Retry-After": "1" });
    send(response, 200, { version: 1, channels: 1, sample_rate: 8000, duration: kToneSeconds, peaks: [kTonePeaks] });
  }

  recording(request, response, url, sid, leaf) {
    if (this.fault !== null) {
      return sendProblem(
        response,
        this.fault,
        "The queue is away",
        "The slot store does not answer",
        {},
        { "Retry-After": "1" },
      );
    }
    const recording = this.standings.get(sid);
    if (recording === undefined) return sendProblem(response, 404, "No such recording");
    if (leaf === "status") return this.status(response, recording);
    if (leaf === "peaks") return this.peaks(response, sid, recording);
    if (recording.state === "stored")
      return sendTone(request, response, url.searchParams.has("download"));
    const asked = leaf === "retry" ? `retry ${sid}` : sid;
    if (this.onAsked.has(asked)) {
      this.set(sid, this.onAsked.get(asked));
      this.onAsked.delete(asked);
    }
    if (recording.state === "failed") {
      return sendProblem(
        response,
        424,
        "The recording could not be fetched",
        recording.cause.detail,
        { cause: recording.cause },
      );
    }
    if (recording.state === "absent" || recording.state === "deleted") {
      return sendProblem(
        response,
        410,
        "The provider has no such recording",
        recording.cause?.detail ?? "",
      );
    }
    const { state, sid: ignored, ...rest } = recording;
    send(response, 202, { status: state, ...rest }, { "Retry-After": "1" });
  }

  status(response, recording) {
    const { sid, ...standing } = recording;
    const isWaiting = standing.state === "queued" || standing.state === "processing";
    send(response, 200, standing, isWaiting ? { "Retry-After": "1" } : {});
  }

  file(url, response) {
    const name = url.pathname === "/" ? "index.html" : normalize(url.pathname).slice(1);
    const path = join(kPageFolder, name);
    if (!path.startsWith(kPageFolder) || !existsSync(path) || !statSync(path).isFile()) {
      return sendProblem(response, 404, "No such file");
    }
    response.writeHead(200, {
      "Content-Type": kContentTypes[extname(path)] ?? "application/octet-stream",
    });
    createReadStream(path).pipe(response);
  }
}

/**
 * Starts the mock on a free port. The result is a stage for page_scenarios.mjs: addresses, the calls
 * by name, and functions that change the state of a recording.
 */
export async function startMockServer() {
  const server = new MockServer();
  await server.start();
  const named = server.businesses.get("harbour-dental").named;
  const why = "3 of 3 downloads of this business are running";
  return {
    baseUrl: server.baseUrl,
    signInPath: "/login?token=once-business",
    operatorSignInPath: "/login?token=once-operator",
    businessKey: kBusinessKey,
    calls: named,
    server,
    stop: () => server.stop(),

    /** The next press of a recording finds three others running and three waiting. */
    queueFourth: (sid) => {
      server.onAsked.set(sid, { state: "queued", position: 4, queue_length: 7, why });
    },
    /** The same for the next retry. */
    queueRetryFourth: (sid) => {
      server.onAsked.set(`retry ${sid}`, { state: "queued", position: 4, queue_length: 7, why });
    },
    queueFirst: (sid) => server.set(sid, { state: "queued", position: 1, queue_length: 4, why }),
    fetchSome: (sid) =>
      server.set(sid, {
        state: "processing",
        progress: { bytes: 192_000, total: 320_044, percent: 60 },
      }),
    store: (sid) => server.set(sid, { state: "stored" }),
    fail: (sid) =>
      server.set(sid, {
        state: "failed",
        cause: { code: "timeout", detail: "The provider stopped sending after 12 kB" },
      }),
  };
}
