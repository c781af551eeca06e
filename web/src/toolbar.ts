/** Search and direction, above the list. */

import type { CallQuery } from "./api";
import { h, hidden } from "./dom";
import { icon } from "./icons";

/** The pause after the last key: long enough for the next letter, short enough to feel immediate. */
const kSearchPauseMs = 250;

const kDirections = [
  ["", "All"],
  ["inbound", "Inbound"],
  ["outbound", "Outbound"],
] as const;

export class Toolbar {
  readonly element: HTMLElement;
  onChange: (query: CallQuery) => void = () => {};

  private readonly search_ = h("input", {
    class: "search-field",
    attributes: {
      type: "search",
      name: "search",
      placeholder: "Search name or number",
      "aria-label": "Search calls",
      "aria-controls": "calls",
      autocomplete: "off",
      spellcheck: "false",
      dir: "auto",
      enterkeyhint: "search",
      maxlength: "200",
    },
  });
  private readonly directions_: HTMLInputElement[];
  private pause_: ReturnType<typeof setTimeout> | null = null;

  constructor() {
    this.directions_ = kDirections.map(([value]) =>
      h("input", { attributes: { type: "radio", name: "direction", value } }),
    );
    this.element = h(
      "form",
      { class: "toolbar", attributes: { role: "search" } },
      h("label", { class: "search" }, icon("search"), this.search_),
      h(
        "fieldset",
        { class: "segments" },
        h("legend", {}, hidden("Direction")),
        ...this.directions_.map((input, index) =>
          h("label", { class: "segment" }, input, h("span", {}, kDirections[index]?.[1] ?? "")),
        ),
      ),
    );
    this.search_.addEventListener("input", () => this.changeSoon());
    this.element.addEventListener("change", (event) => {
      if (event.target !== this.search_) this.changeNow();
    });
    this.element.addEventListener("submit", (event) => {
      event.preventDefault();
      this.changeNow();
    });
  }

  /** Shows a query without reporting a change. */
  set(query: CallQuery): void {
    if (this.search_.value.trim() !== query.search) this.search_.value = query.search;
    for (const input of this.directions_) input.checked = input.value === query.direction;
  }

  private get query(): CallQuery {
    const checked = this.directions_.find((input) => input.checked)?.value;
    const direction = checked === "inbound" || checked === "outbound" ? checked : "";
    return { search: this.search_.value.trim(), direction };
  }

  private changeSoon(): void {
    if (this.pause_ !== null) clearTimeout(this.pause_);
    this.pause_ = setTimeout(() => this.changeNow(), kSearchPauseMs);
  }

  private changeNow(): void {
    if (this.pause_ !== null) clearTimeout(this.pause_);
    this.pause_ = null;
    this.onChange(this.query);
  }
}
