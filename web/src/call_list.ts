/**
 * The calls of a business, in pages, under the headings of their days.
 *
 * Loading requests calls only: no audio is requested before a press of play.
 */

import type { Announcer } from "./announcer";
import { ApiFailure, wasWithdrawn, type Api, type CallQuery } from "./api";
import { CallRow } from "./call_row";
import { h, setAttribute, setText } from "./dom";
import { dayKey, formatDay } from "./format";
import type { Player } from "./player";
import { refusalOf } from "./refusal";
import type { Standings } from "./standings";
import type { Call, CallPage } from "./types";

interface Day {
  key: string;
  rows: HTMLOListElement;
}

export class CallList {
  readonly element: HTMLElement;

  private readonly days_ = h("div", { class: "days" });
  private readonly notice_ = h("div", { class: "notice" });
  private readonly count_ = h("p", { class: "list-count" });
  private readonly more_ = h(
    "button",
    {
      class: "button more",
      attributes: { type: "button" },
      on: { click: () => void this.loadMore() },
    },
    "Load more",
  );
  private rows_: CallRow[] = [];
  private lastDay_: Day | null = null;
  private query_: CallQuery = { search: "", direction: "" };
  private cursor_: string | null = null;
  private request_: AbortController | null = null;

  constructor(
    private readonly api_: Api,
    private readonly standings_: Standings,
    private readonly player_: Player,
    private readonly announcer_: Announcer,
    private readonly locale_: string,
    private readonly clearSearch_: () => void,
  ) {
    this.element = h(
      "div",
      { class: "list", attributes: { id: "calls", tabindex: "-1" } },
      this.days_,
      this.notice_,
      h("div", { class: "list-foot" }, this.more_, this.count_),
    );
    this.days_.addEventListener("keydown", (event) => this.moveByArrow(event));
    standings_.listen({
      changed: (sid, standing) => {
        const now = new Date();
        for (const row of this.rows_) {
          if (row.call.recording?.sid === sid) row.update(standing, now);
        }
      },
      troubled: () => {},
    });
  }

  /** Shows the first page of a query. The old page stays until the answer arrives. */
  async show(query: CallQuery): Promise<void> {
    this.query_ = query;
    await this.load(null);
  }

  /** Puts the focus on a recording's row, where it is still listed. */
  focus(sid: string): void {
    this.rows_
      .find((row) => row.call.recording?.sid === sid)
      ?.button?.focus({ preventScroll: true });
  }

  /** Redraws times, and the buttons of rows that the player touches. */
  draw(now: Date): void {
    for (const row of this.rows_) row.draw(now);
  }

  /** Redraws the rows that count down to their retry. */
  drawCountdowns(now: Date): void {
    for (const row of this.rows_) if (row.isCountingDown) row.draw(now);
  }

  private async loadMore(): Promise<void> {
    if (this.cursor_ === null || this.request_ !== null) return;
    const before = this.rows_.length;
    await this.load(this.cursor_);
    // The button may be gone: move the focus to the first new call.
    this.rows_[before]?.button?.focus({ preventScroll: true });
  }

  private async load(cursor: string | null): Promise<void> {
    this.request_?.abort();
    const request = new AbortController();
    this.request_ = request;
    this.setBusy(true);
    try {
      const page = await this.api_.calls(this.query_, cursor, request.signal);
      if (this.request_ !== request) return;
      if (cursor === null) this.reset();
      this.append(page);
      this.drawFoot();
    } catch (error) {
      if (wasWithdrawn(error) || this.request_ !== request) return;
      if (!(error instanceof ApiFailure)) throw error;
      if (error.status !== 401) this.drawFailure(error, cursor);
    } finally {
      if (this.request_ === request) {
        this.request_ = null;
        this.setBusy(false);
      }
    }
  }

  private reset(): void {
    this.rows_ = [];
    this.lastDay_ = null;
    this.days_.replaceChildren();
    this.standings_.clear(this.player_.call?.recording.sid ?? null);
  }

  private append(page: CallPage): void {
    const now = new Date();
    this.cursor_ = page.nextCursor;
    this.standings_.adopt(
      page.calls.map((call) => call.recording).filter((recording) => recording !== null),
    );
    for (const call of page.calls) {
      const row = new CallRow(call, this.player_, this.api_, this.locale_, now);
      this.rows_.push(row);
      this.dayOf(call, now).rows.append(row.element);
    }
  }

  /** The heading of a call. Calls come newest first, so it is the last heading or a new one. */
  private dayOf(call: Call, now: Date): Day {
    const key = call.startedAt === null ? "unknown" : dayKey(call.startedAt);
    if (this.lastDay_?.key === key) return this.lastDay_;
    const title =
      call.startedAt === null ? "Time unknown" : formatDay(call.startedAt, now, this.locale_);
    // Safari drops the role of a list without bullets, unless the role is named.
    const rows = h("ol", { class: "rows", attributes: { role: "list" } });
    this.days_.append(h("section", { class: "day" }, h("h2", { class: "day-title" }, title), rows));
    this.lastDay_ = { key, rows };
    return this.lastDay_;
  }

  private drawFoot(): void {
    const count = this.rows_.length;
    setAttribute(this.more_, "hidden", this.cursor_ === null);
    setText(this.more_, "Load more");
    const noun = count === 1 ? "call" : "calls";
    setText(this.count_, count === 0 ? "" : `${count} ${noun} shown`);
    this.announcer_.say(count === 0 ? "No calls" : `${count} ${noun} shown`);
    if (count > 0) this.notice_.replaceChildren();
    else this.drawEmpty();
  }

  private drawEmpty(): void {
    const isFiltered = this.query_.search !== "" || this.query_.direction !== "";
    if (!isFiltered) {
      this.notice_.replaceChildren(
        h("p", { class: "notice-title" }, "No calls yet"),
        h(
          "p",
          {},
          "A call appears here when the provider's webhook or your application tells of it.",
        ),
      );
      return;
    }
    this.notice_.replaceChildren(
      h("p", { class: "notice-title" }, "No call matches"),
      h("p", {}, "The search looks at names and numbers, whole or in part."),
      h(
        "button",
        {
          class: "button",
          attributes: { type: "button" },
          on: { click: () => this.clearSearch_() },
        },
        "Show all calls",
      ),
    );
  }

  private drawFailure(failure: ApiFailure, cursor: string | null): void {
    const refusal = refusalOf(failure);
    this.notice_.replaceChildren(
      h(
        "p",
        { class: "notice-title", attributes: { role: "alert" } },
        `${refusal.short}. ${refusal.long}`,
      ),
      h(
        "button",
        {
          class: "button",
          attributes: { type: "button" },
          on: { click: () => void this.load(cursor) },
        },
        "Try again",
      ),
    );
  }

  private setBusy(isBusy: boolean): void {
    setAttribute(this.element, "aria-busy", isBusy ? "true" : null);
  }

  /** The arrow keys move from row to row; Tab moves through all controls. */
  private moveByArrow(event: KeyboardEvent): void {
    const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
    if (step === 0 || event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
    const buttons = this.rows_.map((row) => row.button).filter((button) => button !== null);
    const at = buttons.findIndex((button) => button === document.activeElement);
    const next = at < 0 ? undefined : buttons[at + step];
    if (next === undefined) return;
    event.preventDefault();
    next.focus();
  }
}
