/**
 * The state of each recording on the page, and the requests that keep it current.
 *
 * The page polls each waiting recording (queued, processing) at its own pace: in quick succession the
 * one that the person wants to hear, slowly the others. Other recordings cost no request.
 */

import { ApiFailure, wasWithdrawn, type Api } from "./api";
import { kCalmPace, kEagerPace, kTroublePace, nextPause, quickPause } from "./pace";
import type { Recording, Standing } from "./types";
import { VisibleTimer } from "./visible_timer";
import { isWaiting, readsSame } from "./words";

/** Rows that are polled at once. The rest of a long list is updated by the next reload. */
const kMostFollowed = 40;

interface Followed {
  timer: VisibleTimer;
  eager: boolean;
  /** Requests since the press, or since polling began. */
  asked: number;
  /** Unchanged answers in a row. */
  unchanged: number;
  /** Requests without an answer in a row. */
  failures: number;
  inFlight: AbortController | null;
}

export interface StandingListener {
  changed(sid: string, standing: Standing): void;
  /** A request failed; the next one follows in `pauseMs`, or never when it is null. */
  troubled(sid: string, failure: ApiFailure, pauseMs: number | null): void;
}

export class Standings {
  private readonly known_ = new Map<string, Standing>();
  private readonly followed_ = new Map<string, Followed>();
  private readonly listeners_: StandingListener[] = [];

  constructor(private readonly api_: Api) {
    // Back on the network: polls that were paused by a fault may continue.
    addEventListener("online", () => {
      for (const [sid, followed] of this.followed_) {
        if (followed.failures > 0) followed.timer.set(0, () => void this.ask(sid));
      }
    });
  }

  listen(listener: StandingListener): void {
    this.listeners_.push(listener);
  }

  get(sid: string): Standing | null {
    return this.known_.get(sid) ?? null;
  }

  /** Takes the states of a list, and polls the waiting recordings. */
  adopt(recordings: readonly Recording[]): void {
    for (const recording of recordings) {
      this.known_.set(recording.sid, recording);
      if (isWaiting(recording)) this.follow(recording.sid, { eager: false, retryAfterMs: null });
    }
  }

  /** Takes a state from another answer, such as that to a press. */
  note(sid: string, standing: Standing): void {
    this.known_.set(sid, standing);
    if (!isWaiting(standing)) this.unfollow(sid);
    for (const listener of this.listeners_) listener.changed(sid, standing);
  }

  /** Asks once, when the answer to a press had no reason. A failure changes nothing. */
  async refresh(sid: string): Promise<void> {
    try {
      const answer = await this.api_.status(sid, new AbortController().signal);
      this.note(sid, answer.standing);
    } catch (error) {
      if (!(error instanceof ApiFailure)) throw error;
    }
  }

  /** Polls a recording until it no longer waits. */
  follow(sid: string, how: { eager: boolean; retryAfterMs: number | null }): void {
    const isKnown = this.followed_.has(sid);
    // A list does not change the quick pace of the recording that the player waits for.
    if (!how.eager && (isKnown || this.followed_.size >= kMostFollowed)) return;
    const followed = this.followed_.get(sid) ?? {
      timer: new VisibleTimer(),
      eager: how.eager,
      asked: 0,
      unchanged: 0,
      failures: 0,
      inFlight: null,
    };
    followed.eager = how.eager;
    followed.asked = 0;
    followed.unchanged = 0;
    this.followed_.set(sid, followed);
    followed.timer.set(pauseOf(followed, how.retryAfterMs), () => void this.ask(sid));
  }

  /** The person chose another recording: poll this one slowly. */
  calm(sid: string): void {
    const followed = this.followed_.get(sid);
    if (followed !== undefined) followed.eager = false;
  }

  /** The person waits for this recording: poll it in quick succession. */
  hurry(sid: string): void {
    const followed = this.followed_.get(sid);
    if (followed !== undefined) followed.eager = true;
  }

  unfollow(sid: string): void {
    const followed = this.followed_.get(sid);
    followed?.timer.clear();
    followed?.inFlight?.abort();
    this.followed_.delete(sid);
  }

  /** Forgets all recordings except the one in the player. */
  clear(keepSid: string | null): void {
    for (const sid of [...this.followed_.keys()]) {
      if (sid !== keepSid) this.unfollow(sid);
    }
    for (const sid of [...this.known_.keys()]) {
      if (sid !== keepSid) this.known_.delete(sid);
    }
  }

  private async ask(sid: string): Promise<void> {
    const followed = this.followed_.get(sid);
    if (followed === undefined || followed.inFlight !== null) return;
    const request = new AbortController();
    followed.inFlight = request;
    try {
      const answer = await this.api_.status(sid, request.signal);
      followed.inFlight = null;
      if (this.followed_.get(sid) !== followed) return;
      this.take(sid, followed, answer.standing, answer.retryAfterMs);
    } catch (error) {
      followed.inFlight = null;
      if (wasWithdrawn(error) || this.followed_.get(sid) !== followed) return;
      if (!(error instanceof ApiFailure)) throw error;
      this.endure(sid, followed, error);
    }
  }

  private take(
    sid: string,
    followed: Followed,
    standing: Standing,
    retryAfterMs: number | null,
  ): void {
    followed.asked += 1;
    const before = this.known_.get(sid);
    const isNews = before === undefined || !readsSame(before, standing);
    followed.unchanged = isNews ? 0 : followed.unchanged + 1;
    followed.failures = 0;
    if (isWaiting(standing)) {
      followed.timer.set(pauseOf(followed, retryAfterMs), () => void this.ask(sid));
    }
    this.note(sid, standing);
  }

  /** Polling survives any transient fault; a final answer ends it. */
  private endure(sid: string, followed: Followed, failure: ApiFailure): void {
    if (!mayPass(failure)) {
      this.unfollow(sid);
      for (const listener of this.listeners_) listener.troubled(sid, failure, null);
      return;
    }
    const pause = nextPause(kTroublePace, followed.failures, failure.retryAfterMs);
    followed.failures += 1;
    followed.timer.set(pause, () => void this.ask(sid));
    for (const listener of this.listeners_) listener.troubled(sid, failure, pause);
  }
}

function pauseOf(followed: Followed, retryAfterMs: number | null): number {
  if (!followed.eager) return nextPause(kCalmPace, followed.unchanged, retryAfterMs);
  const quick = quickPause(followed.asked, retryAfterMs);
  return quick ?? nextPause(kEagerPace, followed.unchanged, retryAfterMs);
}

/** True for transient failures: no answer, too many requests, a part of the server unavailable. */
export function mayPass(failure: ApiFailure): boolean {
  return failure.status === 0 || failure.status === 429 || failure.status >= 500;
}
