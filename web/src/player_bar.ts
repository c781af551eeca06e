/** The bar at the foot of the page: what is playing, or why it does not play yet. */

import type { Announcer } from "./announcer";
import type { Api } from "./api";
import { directionWord, otherParty, partyTitle, spokenCall } from "./call_text";
import { h, hidden, setAttribute, setText } from "./dom";
import { formatClock, formatDay, formatUntil } from "./format";
import { icon } from "./icons";
import { partyName } from "./party_name";
import type { Phase, Player } from "./player";
import type { Remedy } from "./refusal";
import { readSpeed, writeSpeed } from "./speed";
import { WaveformView } from "./waveform";
import { describe, join, type Tone } from "./words";

const kSpeeds = [0.75, 1, 1.25, 1.5, 1.75, 2];
const kSkipSeconds = 15;
/** A screen reader announces each quarter of a download, not each percent. */
const kSpokenStep = 25;

interface Message {
  short: string;
  long: string;
  tone: Tone;
  remedy: Remedy;
  /** 0 to 100; null while unknown; undefined when nothing is being fetched. */
  percent: number | null | undefined;
}

export class PlayerBar {
  readonly element: HTMLElement;

  private readonly about_ = h("div", { class: "player-about" });
  private readonly short_ = h("p", { class: "player-short" });
  private readonly long_ = h("p", { class: "player-long" });
  private readonly progress_ = h("progress", {
    attributes: { max: "100", "aria-label": "Fetched" },
  });
  private readonly remedy_ = h("button", {
    class: "button",
    attributes: { type: "button" },
    on: { click: () => this.pressRemedy() },
  });
  private readonly message_: HTMLElement;
  private readonly sound_: HTMLElement;
  private readonly waveform_: WaveformView;
  private readonly download_ = h(
    "a",
    { class: "icon-button", attributes: { download: true, title: "Download" } },
    icon("download"),
    hidden("Download recording"),
  );
  private shownSid_: string | null = null;
  private spoken_ = "";

  /** Called when the person closed the player; the focus should return to the row of the call. */
  onClose: (sid: string) => void = () => {};

  constructor(
    private readonly player_: Player,
    private readonly api_: Api,
    private readonly announcer_: Announcer,
    private readonly locale_: string,
  ) {
    this.message_ = h(
      "div",
      { class: "player-message" },
      h("div", { class: "player-words" }, this.short_, this.long_),
      this.remedy_,
      this.progress_,
    );
    this.waveform_ = new WaveformView(api_, player_.audio);
    this.sound_ = h(
      "div",
      { class: "player-sound" },
      this.skipButton(-kSkipSeconds),
      player_.audio,
      this.skipButton(kSkipSeconds),
      this.speedChoice(),
    );
    this.element = h(
      "section",
      { class: "player", attributes: { "aria-label": "Player", hidden: true, tabindex: "-1" } },
      this.about_,
      h("div", { class: "player-stage" }, this.message_, this.waveform_.element, this.sound_),
      h("div", { class: "player-tools" }, this.download_, this.closeButton()),
    );
  }

  /** Draws the player. Cheap enough for every event and every second. */
  draw(now: Date): void {
    const call = this.player_.call;
    const phase = this.player_.phase;
    // Read before hiding: a browser may take the focus from an element when it is hidden.
    const focused = document.activeElement;
    setAttribute(this.element, "hidden", call === null);
    setAttribute(this.element, "data-phase", phase.kind);
    if (call === null) {
      this.waveform_.show(null);
      this.shownSid_ = null;
      this.spoken_ = "";
      return;
    }
    if (this.shownSid_ !== call.recording.sid) {
      this.shownSid_ = call.recording.sid;
      this.drawAbout(now);
    }
    const isLoaded = phase.kind === "loaded";
    this.waveform_.show(isLoaded ? call.recording.sid : null);
    setAttribute(this.sound_, "hidden", !isLoaded);
    setAttribute(this.message_, "hidden", isLoaded);
    const isStored = this.player_.standing?.state === "stored";
    setAttribute(this.download_, "hidden", !isStored);
    if (isLoaded) this.spoken_ = "";
    else this.drawMessage(this.messageOf(phase, now));
    if (focused !== null) this.keepFocus(focused);
  }

  private drawAbout(now: Date): void {
    const call = this.player_.call;
    if (call === null) return;
    const when =
      call.startedAt === null
        ? []
        : [
            `${formatDay(call.startedAt, now, this.locale_)} ${formatClock(call.startedAt, this.locale_)}`,
          ];
    this.about_.replaceChildren(
      partyName(otherParty(call), "player-title"),
      h("p", { class: "player-when" }, [directionWord(call), ...when].join(" · ")),
    );
    this.download_.href = this.api_.streamUrl(call.recording.sid, { download: true });
    setAttribute(this.element, "aria-label", `Player: ${spokenCall(call, now, this.locale_)}`);
    showOnLockScreen(partyTitle(otherParty(call)), when[0] ?? "");
  }

  private messageOf(phase: Phase, now: Date): Message {
    const nothing = { long: "", remedy: null, percent: undefined };
    switch (phase.kind) {
      case "asking":
        return { ...nothing, short: "Asking for the recording", tone: "busy", percent: null };
      case "waiting":
        return this.waitingMessage(now);
      case "blocked":
        return {
          ...nothing,
          short: "Ready",
          long: "The browser wants a press before it plays sound.",
          tone: "good",
          remedy: "again",
        };
      case "refused":
        return { ...phase.refusal, tone: "bad", percent: undefined };
      case "trouble": {
        const next = `Trying again ${formatUntil(phase.nextAt, now)}.`;
        const long = join(phase.refusal.long, next);
        return { ...nothing, short: phase.refusal.short, long, tone: "bad", remedy: "again" };
      }
      default:
        return { ...nothing, short: "", tone: "quiet" };
    }
  }

  private waitingMessage(now: Date): Message {
    const standing = this.player_.standing;
    if (standing === null) {
      return { short: "Waiting", long: "", tone: "busy", remedy: null, percent: null };
    }
    const words = describe(standing, now, this.locale_);
    return {
      ...words,
      long: join(words.long, "It will start by itself."),
      // A delayed recording holds no place in the queue, so the person may retry at once.
      remedy: standing.state === "queued" && standing.retryAt !== null ? "retry" : null,
      percent: standing.state === "processing" ? (standing.progress?.percent ?? null) : undefined,
    };
  }

  private drawMessage(message: Message): void {
    setText(this.short_, message.short);
    setText(this.long_, message.long);
    setAttribute(this.message_, "data-tone", message.tone);
    setAttribute(this.progress_, "hidden", message.percent === undefined);
    if (typeof message.percent === "number") this.progress_.value = message.percent;
    else this.progress_.removeAttribute("value");
    setAttribute(this.remedy_, "hidden", message.remedy === null);
    setText(this.remedy_, this.remedyLabel(message.remedy));
    this.say(spokenMessage(message));
  }

  /** Announces only changes, so that a countdown does not interrupt news from the list. */
  private say(text: string): void {
    if (text === this.spoken_) return;
    this.spoken_ = text;
    this.announcer_.say(text);
  }

  /** When a focused button disappears, the focus must not jump to the top of the page. */
  private keepFocus(focused: Element): void {
    if (!this.element.contains(focused) || focused.closest("[hidden]") === null) return;
    this.element.focus({ preventScroll: true });
  }

  private remedyLabel(remedy: Remedy): string {
    if (this.player_.phase.kind === "blocked") return "Play";
    if (this.player_.phase.kind === "trouble" || this.player_.phase.kind === "waiting")
      return "Try now";
    return remedy === "retry" ? "Retry" : "Try again";
  }

  private pressRemedy(): void {
    const call = this.player_.call;
    const phase = this.player_.phase;
    if (call === null) return;
    if (phase.kind === "blocked") this.player_.toggle(call);
    else if (phase.kind === "waiting") this.player_.retry(call);
    else if (phase.kind === "refused" && phase.refusal.remedy === "retry") this.player_.retry(call);
    else this.player_.again();
  }

  private skipButton(seconds: number): HTMLButtonElement {
    const isBack = seconds < 0;
    const label = `${isBack ? "Back" : "Forward"} ${Math.abs(seconds)} seconds`;
    return h(
      "button",
      {
        class: "icon-button skip",
        attributes: { type: "button", title: label, "aria-label": label },
        on: { click: () => this.player_.skip(seconds) },
      },
      `${isBack ? "−" : "+"}${Math.abs(seconds)}`,
    );
  }

  private speedChoice(): HTMLElement {
    const chosen = readSpeed(kSpeeds);
    this.player_.setSpeed(chosen);
    const options = kSpeeds.map((speed) =>
      h(
        "option",
        { attributes: { value: String(speed), selected: speed === chosen } },
        `${speed}×`,
      ),
    );
    const select = h("select", { class: "speed", attributes: { title: "Speed" } }, ...options);
    select.addEventListener("change", () => {
      this.player_.setSpeed(Number(select.value));
      writeSpeed(Number(select.value));
    });
    return h("label", { class: "speed-label" }, hidden("Speed"), select);
  }

  private close(): void {
    const sid = this.player_.call?.recording.sid;
    this.player_.close();
    if (sid !== undefined) this.onClose(sid);
  }

  private closeButton(): HTMLButtonElement {
    return h(
      "button",
      {
        class: "icon-button",
        attributes: { type: "button", title: "Close player" },
        on: { click: () => this.close() },
      },
      icon("close"),
      hidden("Close player"),
    );
  }
}

/** The message for a screen reader: places and quarters, no byte counts or countdowns. */
function spokenMessage(message: Message): string {
  if (typeof message.percent === "number") {
    const quarter = Math.floor(message.percent / kSpokenStep) * kSpokenStep;
    return quarter === 0 ? "Fetching" : `Fetching, ${quarter} percent`;
  }
  if (message.tone === "bad")
    return join(`${message.short}.`, message.long.replace(/Trying again.*$/, "").trim());
  return message.short;
}

function showOnLockScreen(title: string, artist: string): void {
  if (!("mediaSession" in navigator)) return;
  navigator.mediaSession.metadata = new MediaMetadata({ title, artist, album: "Tapedeck" });
}
