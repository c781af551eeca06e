/**
 * The one player of the page: from a press of play to sound.
 *
 * A press asks the server once. Stored audio plays. A waiting recording shows its place until it is
 * stored, and then plays by itself. Otherwise the server says why not. The player never guesses when
 * audio will be ready, and always shows its state: after a transient fault it shows the pause before
 * the next request, and for a permanent fault it shows what the person can do.
 *
 * The page keeps one element for its whole life: browsers that allow sound only after a press
 * remember this for the element that was touched during the press.
 */

import { ApiFailure, type Api, type PressAnswer } from "./api";
import { kTroublePace, nextPause } from "./pace";
import { mediaRefusal, refusalOf, type Refusal } from "./refusal";
import { mayPass, type Standings } from "./standings";
import type { Call, Recording, Standing } from "./types";
import { VisibleTimer } from "./visible_timer";
import { isWaiting } from "./words";

export type PlayableCall = Call & { recording: Recording };

export type Phase =
  | { kind: "idle" }
  /** The press is being sent. */
  | { kind: "asking" }
  /** Queued or being fetched; it will play by itself. */
  | { kind: "waiting" }
  /** The element has the audio; `playing` says whether it plays. */
  | { kind: "loaded" }
  /** The audio is ready, but the browser requires a press. */
  | { kind: "blocked" }
  | { kind: "refused"; refusal: Refusal }
  /** No answer yet; the next request is at `nextAt`. */
  | { kind: "trouble"; refusal: Refusal; nextAt: Date };

type Intent = "press" | "retry";

/** The recording is absent or deleted at the provider, or failed: statuses of the stream. */
const kGone = 410;
const kFailedDependency = 424;

/** Somebody cancelled the recording. Only a press may queue it again. */
const kCancelled: Refusal = {
  short: "Cancelled",
  long: "The recording was taken out of the queue.",
  remedy: "again",
};

export class Player {
  onChange: () => void = () => {};

  private call_: PlayableCall | null = null;
  private phase_: Phase = { kind: "idle" };
  /** The press that the player waits for. The answer to an earlier press changes the list only. */
  private press_ = 0;
  private readonly repeat_ = new VisibleTimer();
  private troubles_ = 0;
  /** The position to continue at after an interruption, in seconds. */
  private resumeAt_ = 0;
  private speed_ = 1;

  constructor(
    private readonly api_: Api,
    private readonly standings_: Standings,
    readonly audio: HTMLAudioElement,
  ) {
    standings_.listen({
      changed: (sid, standing) => this.standingChanged(sid, standing),
      troubled: (sid, failure, pauseMs) => this.questionFailed(sid, failure, pauseMs),
    });
    for (const type of ["play", "pause", "ended", "playing", "waiting"]) {
      audio.addEventListener(type, () => this.onChange());
    }
    audio.addEventListener("error", () => this.soundFailed());
    audio.addEventListener("loadedmetadata", () => {
      if (this.resumeAt_ > 0) audio.currentTime = this.resumeAt_;
      this.resumeAt_ = 0;
    });
  }

  get call(): PlayableCall | null {
    return this.call_;
  }

  get phase(): Phase {
    return this.phase_;
  }

  get isPlaying(): boolean {
    return this.phase_.kind === "loaded" && !this.audio.paused && !this.audio.ended;
  }

  /** The state of the recording in the player. */
  get standing(): Standing | null {
    const call = this.call_;
    return call === null ? null : (this.standings_.get(call.recording.sid) ?? call.recording);
  }

  isHolding(sid: string): boolean {
    return this.call_?.recording.sid === sid;
  }

  /** A press of a call's button: plays it, or pauses and resumes the one in the player. */
  toggle(call: PlayableCall): void {
    if (!this.isHolding(call.recording.sid)) return this.start(call, "press");
    switch (this.phase_.kind) {
      case "asking":
      case "waiting":
        return; // A second press of what is already on its way changes nothing.
      case "loaded":
        if (this.isPlaying) this.audio.pause();
        else this.sound();
        return;
      case "blocked":
        return this.sound();
      default:
        return this.start(call, "press");
    }
  }

  /** Retries a failed recording, and plays it when it is stored. */
  retry(call: PlayableCall): void {
    this.start(call, "retry");
  }

  /** Repeats the failed step at once. */
  again(): void {
    if (this.call_ !== null) this.start(this.call_, "press");
  }

  setSpeed(speed: number): void {
    this.speed_ = speed;
    this.audio.playbackRate = speed;
  }

  skip(seconds: number): void {
    if (this.phase_.kind !== "loaded") return;
    const end = Number.isFinite(this.audio.duration) ? this.audio.duration : Infinity;
    this.audio.currentTime = Math.min(end, Math.max(0, this.audio.currentTime + seconds));
  }

  /** Closes the player. The fetch on the server continues. */
  close(): void {
    this.letGo();
    this.call_ = null;
    this.resumeAt_ = 0;
    this.enter({ kind: "idle" });
  }

  private start(call: PlayableCall, intent: Intent): void {
    const isSame = this.isHolding(call.recording.sid);
    this.letGo();
    if (!isSame) this.resumeAt_ = 0;
    this.troubles_ = 0;
    this.call_ = call;
    if (intent === "press" && !isSame && this.standing?.state === "stored") return this.load();
    // Touching the element during the press lets it play later without another press.
    this.audio.load();
    this.ask(call, intent);
  }

  private ask(call: PlayableCall, intent: Intent): void {
    const press = (this.press_ += 1);
    this.enter({ kind: "asking" });
    const sid = call.recording.sid;
    const answer = intent === "retry" ? this.api_.retry(sid) : this.api_.press(sid);
    void answer.then((value) => {
      if (this.press_ === press) this.answered(call, intent, value);
      else this.answeredLate(sid, value);
    });
  }

  /**
   * Another row was pressed meanwhile. The server continues with the earlier press, so its row must
   * show this.
   */
  private answeredLate(sid: string, answer: PressAnswer): void {
    const isListed = this.standings_.get(sid) !== null;
    if (!isListed || answer.kind === "refused") return;
    if (answer.kind === "ready") return this.standings_.note(sid, kStored);
    this.standings_.follow(sid, { eager: false, retryAfterMs: answer.retryAfterMs });
    this.standings_.note(sid, answer.standing);
  }

  private answered(call: PlayableCall, intent: Intent, answer: PressAnswer): void {
    const sid = call.recording.sid;
    switch (answer.kind) {
      case "ready":
        this.standings_.note(sid, kStored);
        if (this.phase_.kind === "asking") this.load();
        return;
      case "waiting":
        this.troubles_ = 0;
        this.enter({ kind: "waiting" });
        this.standings_.follow(sid, { eager: true, retryAfterMs: answer.retryAfterMs });
        this.standings_.note(sid, answer.standing);
        return;
      case "refused":
        this.refused(call, intent, answer.failure);
    }
  }

  private refused(call: PlayableCall, intent: Intent, failure: ApiFailure): void {
    const refusal = refusalOf(failure);
    if (mayPass(failure)) {
      const pause = nextPause(kTroublePace, this.troubles_, failure.retryAfterMs);
      this.troubles_ += 1;
      this.repeat_.set(pause, () => this.ask(call, intent));
      this.enter({ kind: "trouble", refusal, nextAt: new Date(Date.now() + pause) });
      return;
    }
    this.enter({ kind: "refused", refusal });
    // The refusal concerns the recording itself, so its row shows it too, in full.
    if (failure.status === kGone || failure.status === kFailedDependency) {
      void this.standings_.refresh(call.recording.sid);
    }
  }

  private standingChanged(sid: string, standing: Standing): void {
    if (!this.isHolding(sid)) return;
    const kind = this.phase_.kind;
    const isOver = !isWaiting(standing) && standing.state !== "stored";
    if (kind === "refused" && isOver && standing.state !== "remote") {
      return this.enter({ kind: "refused", refusal: refusalOfStanding(standing) });
    }
    if (kind !== "waiting" && kind !== "trouble") return this.onChange();
    if (standing.state === "stored") return this.load();
    this.repeat_.clear();
    if (isWaiting(standing)) {
      this.standings_.hurry(sid);
      return this.enter({ kind: "waiting" });
    }
    this.enter({ kind: "refused", refusal: refusalOfStanding(standing) });
  }

  private questionFailed(sid: string, failure: ApiFailure, pauseMs: number | null): void {
    if (!this.isHolding(sid)) return;
    if (this.phase_.kind !== "waiting" && this.phase_.kind !== "trouble") return;
    const refusal = refusalOf(failure);
    if (pauseMs === null) return this.enter({ kind: "refused", refusal });
    this.enter({ kind: "trouble", refusal, nextAt: new Date(Date.now() + pauseMs) });
  }

  /** Gives the stored audio to the element and plays it. */
  private load(): void {
    const call = this.call_;
    if (call === null) return;
    this.repeat_.clear();
    this.audio.src = this.api_.streamUrl(call.recording.sid, { download: false });
    this.audio.playbackRate = this.speed_; // A new source begins at the usual speed.
    this.sound();
  }

  private sound(): void {
    this.enter({ kind: "loaded" });
    const source = this.audio.src;
    this.audio.play().catch((error: unknown) => {
      const isCurrent = this.audio.src === source && this.phase_.kind === "loaded";
      const isForbidden = error instanceof DOMException && error.name === "NotAllowedError";
      if (isCurrent && isForbidden) this.enter({ kind: "blocked" });
      // Any other rejection has an error event, or means that another row was pressed.
    });
  }

  /**
   * The element only knows that it failed. The page first asks the server for the reason: the audio
   * may be deleted, or the session may have ended.
   */
  private soundFailed(): void {
    const call = this.call_;
    if (call === null || this.phase_.kind !== "loaded") return;
    const code = this.audio.error?.code;
    this.resumeAt_ = this.audio.currentTime;
    const press = (this.press_ += 1);
    this.enter({ kind: "refused", refusal: mediaRefusal(code) });
    void this.api_.press(call.recording.sid).then((answer) => {
      if (this.press_ === press && answer.kind !== "ready") this.answered(call, "press", answer);
    });
  }

  /** Stops sound, requests and repeats for the call in the player. */
  private letGo(): void {
    this.press_ += 1;
    this.repeat_.clear();
    if (this.call_ !== null) this.standings_.calm(this.call_.recording.sid);
    if (this.audio.hasAttribute("src")) {
      this.audio.pause();
      this.audio.removeAttribute("src");
      this.audio.load();
    }
  }

  private enter(phase: Phase): void {
    this.phase_ = phase;
    this.onChange();
  }
}

const kStored: Standing = {
  state: "stored",
  position: null,
  queueLength: null,
  why: null,
  retryAt: null,
  progress: null,
  cause: null,
};

function refusalOfStanding(standing: Standing): Refusal {
  if (standing.state === "remote") return kCancelled;
  const detail = standing.cause?.detail || standing.why || "";
  const status = standing.state === "failed" ? kFailedDependency : kGone;
  const refusal = refusalOf(
    new ApiFailure(status, { title: "", detail, cause: standing.cause }, null),
  );
  // An absent recording may appear at the provider later; a deleted one stays deleted.
  return standing.state === "absent" ? { ...refusal, short: "No audio", remedy: "retry" } : refusal;
}
