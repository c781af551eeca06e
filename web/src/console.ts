/** The page of a signed-in person: connects header, search, list and player. */

import { readView, writeView, type View } from "./address";
import { Announcer } from "./announcer";
import type { Api, CallQuery } from "./api";
import { CallList } from "./call_list";
import { h } from "./dom";
import { dateLocale } from "./format";
import { PageHeader } from "./page_header";
import { Player } from "./player";
import { PlayerBar } from "./player_bar";
import { Standings } from "./standings";
import { Toolbar } from "./toolbar";
import type { Session } from "./types";
import { partyTitle, otherParty } from "./call_text";

/** Countdowns change every second; "12 min ago" is updated every half minute. */
const kSecondMs = 1000;
const kTimesEverySeconds = 30;

export class Console {
  readonly element: HTMLElement;

  private readonly locale_ = dateLocale(navigator.languages);
  private readonly announcer_ = new Announcer();
  private readonly standings_: Standings;
  private readonly player_: Player;
  private readonly bar_: PlayerBar;
  private readonly list_: CallList;
  private readonly toolbar_ = new Toolbar();
  private readonly header_: PageHeader;
  private readonly ticker_: ReturnType<typeof setInterval>;
  private readonly onPopState_ = (): void => this.goTo(readView(location.search));
  private view_: View;
  private seconds_ = 0;

  constructor(
    private readonly api_: Api,
    private readonly session_: Session,
    signOut: () => void,
  ) {
    this.view_ = this.allowed(readView(location.search));
    this.standings_ = new Standings(api_);
    this.player_ = new Player(api_, this.standings_, audioElement());
    this.bar_ = new PlayerBar(this.player_, api_, this.announcer_, this.locale_);
    this.list_ = new CallList(
      api_,
      this.standings_,
      this.player_,
      this.announcer_,
      this.locale_,
      () => this.search({ search: "", direction: "" }),
    );
    this.header_ = new PageHeader(session_, this.view_.business ?? session_.businessId, {
      chooseBusiness: (business) => this.chooseBusiness(business),
      signOut,
    });
    this.bar_.onClose = (sid) => this.list_.focus(sid);
    this.toolbar_.onChange = (query) => this.search(query);
    this.player_.onChange = () => this.drawPlayer();
    this.element = h(
      "div",
      { class: "console" },
      h("a", { class: "skip-link", attributes: { href: "#calls" } }, "Skip to the calls"),
      this.header_.element,
      h("main", { class: "page-main" }, this.toolbar_.element, this.list_.element),
      this.bar_.element,
      this.announcer_.element,
    );
    this.ticker_ = setInterval(() => this.tick(), kSecondMs);
    addEventListener("popstate", this.onPopState_);
    this.showView();
  }

  /** Stops sound, timers and requests. Afterwards the element may be removed. */
  leave(): void {
    clearInterval(this.ticker_);
    removeEventListener("popstate", this.onPopState_);
    this.player_.close();
    this.standings_.clear(null);
    document.title = "Tapedeck";
  }

  /** A view with a business that this session may see. */
  private allowed(view: View): View {
    if (!this.session_.operator) return { ...view, business: null };
    const own = this.session_.businessId ?? this.session_.businesses[0] ?? null;
    const isKnown = view.business !== null && this.session_.businesses.includes(view.business);
    return { ...view, business: isKnown ? view.business : own };
  }

  private search(query: CallQuery): void {
    const next = { ...this.view_, ...query };
    if (writeView(next) === writeView(this.view_)) return;
    this.view_ = next;
    // Replaces the address, so that typing does not fill the history with half words.
    history.replaceState(null, "", writeView(next) || location.pathname);
    this.showView();
  }

  private chooseBusiness(business: string): void {
    const view: View = { business, search: "", direction: "" };
    history.pushState(null, "", writeView(view));
    this.goTo(view);
  }

  private goTo(wanted: View): void {
    const view = this.allowed(wanted);
    // A recording of another business must not play under the name of this one.
    if (view.business !== this.view_.business) this.player_.close();
    this.view_ = view;
    this.showView();
  }

  private showView(): void {
    this.api_.businessId = this.view_.business;
    this.header_.setBusiness(this.view_.business);
    this.toolbar_.set(this.view_);
    void this.list_.show({ search: this.view_.search, direction: this.view_.direction });
  }

  private drawPlayer(): void {
    const now = new Date();
    this.bar_.draw(now);
    this.list_.draw(now);
    const call = this.player_.call;
    const isTitled = call !== null && this.player_.isPlaying;
    document.title = isTitled ? `${partyTitle(otherParty(call))} · Tapedeck` : "Tapedeck";
  }

  private tick(): void {
    this.seconds_ += 1;
    if (document.hidden) return;
    const now = new Date();
    this.bar_.draw(now);
    if (this.seconds_ % kTimesEverySeconds === 0) this.list_.draw(now);
    else this.list_.drawCountdowns(now);
  }
}

function audioElement(): HTMLAudioElement {
  return h("audio", {
    class: "audio",
    attributes: { controls: true, preload: "none", controlslist: "nodownload noplaybackrate" },
  });
}
