/** One call in the list. The row is drawn once; changes are made in place. */

import type { Api } from "./api";
import { directionWord, otherParty, ownParty, spokenCall } from "./call_text";
import { h, hidden, setAttribute, setText } from "./dom";
import { formatAddress, formatAgo, formatClock, formatDuration, formatFullTime } from "./format";
import { icon, type IconName } from "./icons";
import { partyName } from "./party_name";
import type { PlayableCall, Player } from "./player";
import type { Call, Standing } from "./types";
import { describe, isPlayable, isWaiting } from "./words";

type Action = "play" | "pause" | "wait" | "retry";

const kActionWords: Record<Action, string> = {
  play: "Play",
  pause: "Pause",
  wait: "Waiting to play",
  retry: "Retry",
};

export class CallRow {
  readonly element: HTMLLIElement;
  /** The row's main button; null for a call without a recording that can play. */
  readonly button: HTMLButtonElement | null;

  private readonly state_ = h("p", { class: "row-state" });
  private readonly stateShort_ = h("span", { class: "row-state-short" });
  private readonly stateLong_ = h("span", { class: "row-state-long" });
  private readonly ago_ = h("span", { class: "row-ago" });
  private readonly tools_ = h("div", { class: "row-tools" });
  private standing_: Standing | null;
  private action_: Action | null = null;

  constructor(
    readonly call: Call,
    private readonly player_: Player,
    private readonly api_: Api,
    private readonly locale_: string,
    now: Date,
  ) {
    this.standing_ = call.recording;
    this.button =
      call.recording === null
        ? null
        : h("button", {
            class: "row-play",
            attributes: { type: "button" },
            on: { click: () => this.press() },
          });
    this.state_.append(this.stateShort_, this.stateLong_);
    this.element = h(
      "li",
      { class: "row" },
      this.button ?? h("span", { class: "row-play row-play-none" }, icon("none")),
      this.drawParty(),
      this.state_,
      this.drawDuration(),
      this.drawTime(),
      this.tools_,
    );
    this.draw(now);
  }

  update(standing: Standing, now: Date): void {
    this.standing_ = standing;
    this.draw(now);
  }

  /** Draws the parts that depend on time, the player and the server. */
  draw(now: Date): void {
    if (this.call.startedAt !== null) setText(this.ago_, formatAgo(this.call.startedAt, now));
    const standing = this.standing_;
    if (standing === null) {
      this.drawState("No recording", "", "quiet");
      return;
    }
    const words = describe(standing, now, this.locale_);
    this.drawState(
      words.short,
      standing.state === "failed" || standing.retryAt !== null ? words.long : "",
      words.tone,
    );
    setAttribute(this.state_, "title", words.long === "" ? null : words.long);
    this.drawButton(standing, now);
    this.drawTools(standing, now);
  }

  /** True while the text of the row changes every second. */
  get isCountingDown(): boolean {
    return this.standing_?.state === "queued" && this.standing_.retryAt !== null;
  }

  private get playable(): PlayableCall | null {
    const recording = this.call.recording;
    return recording === null ? null : { ...this.call, recording };
  }

  private press(): void {
    const call = this.playable;
    if (call === null || this.action_ === null) return;
    if (this.action_ === "retry") this.player_.retry(call);
    else this.player_.toggle(call);
    // The player that just appeared may cover the pressed row.
    const isStill = matchMedia("(prefers-reduced-motion: reduce)").matches;
    this.element.scrollIntoView({ block: "nearest", behavior: isStill ? "instant" : "smooth" });
  }

  private drawParty(): HTMLElement {
    const other = otherParty(this.call);
    const own = formatAddress(ownParty(this.call).address);
    const relation = this.call.direction === "outbound" ? "from" : "to";
    const number =
      other.name === null
        ? []
        : [
            h(
              "bdi",
              { class: "row-number", attributes: { dir: "ltr" } },
              formatAddress(other.address),
            ),
            " ",
          ];
    return h(
      "div",
      { class: "row-party" },
      h(
        "span",
        {
          class: `row-direction row-direction-${this.call.direction}`,
          attributes: { title: directionWord(this.call) },
        },
        icon(this.call.direction),
        hidden(directionWord(this.call)),
      ),
      partyName(other, "row-name"),
      h(
        "p",
        { class: "row-line" },
        ...number,
        h(
          "span",
          { class: "row-own" },
          `${relation} `,
          h("bdi", { attributes: { dir: "ltr" } }, own),
        ),
      ),
    );
  }

  private drawDuration(): HTMLElement {
    const duration = this.call.duration;
    const text = duration === null ? "" : formatDuration(duration);
    return h(
      "p",
      { class: "row-duration", attributes: { title: "Duration" } },
      hidden("Duration "),
      text,
    );
  }

  private drawTime(): HTMLElement {
    const startedAt = this.call.startedAt;
    if (startedAt === null) return h("p", { class: "row-time" }, "Time unknown");
    return h(
      "time",
      {
        class: "row-time",
        attributes: {
          datetime: startedAt.toISOString(),
          title: formatFullTime(startedAt, this.locale_),
        },
      },
      h("span", { class: "row-clock" }, formatClock(startedAt, this.locale_)),
      this.ago_,
    );
  }

  private drawState(short: string, long: string, tone: string): void {
    setText(this.stateShort_, short);
    setText(this.stateLong_, long);
    setAttribute(this.state_, "data-tone", tone);
  }

  private actionFor(standing: Standing): Action | null {
    const isCurrent =
      this.call.recording !== null && this.player_.isHolding(this.call.recording.sid);
    if (isCurrent) {
      const phase = this.player_.phase.kind;
      if (this.player_.isPlaying) return "pause";
      if (phase === "asking" || phase === "waiting") return "wait";
    }
    if (!isPlayable(standing)) return null;
    return standing.state === "failed" ? "retry" : "play";
  }

  private drawButton(standing: Standing, now: Date): void {
    if (this.button === null || this.call.recording === null) return;
    const action = this.actionFor(standing);
    const isCurrent = this.player_.isHolding(this.call.recording.sid);
    setAttribute(this.element, "aria-current", isCurrent ? "true" : null);
    setAttribute(this.element, "data-waiting", isWaiting(standing));
    const name = `${action === null ? "Cannot play" : kActionWords[action]}: ${spokenCall(this.call, now, this.locale_)}`;
    setAttribute(this.button, "aria-label", name);
    // Not the `disabled` attribute, which would drop the focus of the pressed button.
    setAttribute(this.button, "aria-disabled", action === null ? "true" : null);
    if (action === this.action_ && this.button.firstChild !== null) return;
    this.action_ = action;
    const picture: IconName = action ?? "none";
    setAttribute(this.button, "data-action", picture);
    setAttribute(this.button, "title", action === null ? "Cannot play" : kActionWords[action]);
    this.button.replaceChildren(icon(picture));
  }

  private drawTools(standing: Standing, now: Date): void {
    const recording = this.call.recording;
    if (recording === null || standing.state !== "stored") {
      if (this.tools_.firstChild !== null) this.tools_.replaceChildren();
      return;
    }
    if (this.tools_.firstChild !== null) return;
    this.tools_.append(
      h(
        "a",
        {
          class: "icon-button",
          attributes: {
            href: this.api_.streamUrl(recording.sid, { download: true }),
            download: true,
            title: "Download",
            "aria-label": `Download: ${spokenCall(this.call, now, this.locale_)}`,
          },
        },
        icon("download"),
      ),
    );
  }
}
