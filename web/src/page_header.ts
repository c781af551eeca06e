/** The header: who is signed in, for which business, and the button that signs out. */

import { brand } from "./brand";
import { h, hidden } from "./dom";
import { icon } from "./icons";
import type { Session } from "./types";

export interface HeaderActions {
  chooseBusiness: (businessId: string) => void;
  signOut: () => void;
}

export class PageHeader {
  readonly element: HTMLElement;
  private readonly choice_: HTMLSelectElement | null;

  constructor(session: Session, businessId: string | null, actions: HeaderActions) {
    this.choice_ = session.operator ? businessChoice(session, actions.chooseBusiness) : null;
    const business =
      this.choice_ === null
        ? h(
            "p",
            { class: "business" },
            hidden("Business "),
            h("bdi", { attributes: { dir: "auto" } }, businessId ?? ""),
          )
        : h(
            "label",
            { class: "business" },
            h("span", { class: "business-label" }, "Business"),
            this.choice_,
          );
    this.setBusiness(businessId);
    this.element = h(
      "header",
      { class: "page-header" },
      brand("h1"),
      business,
      h(
        "button",
        {
          class: "quiet-button",
          attributes: { type: "button" },
          on: { click: () => actions.signOut() },
        },
        icon("signOut"),
        h("span", {}, "Sign out"),
      ),
    );
  }

  setBusiness(businessId: string | null): void {
    if (this.choice_ !== null && businessId !== null) this.choice_.value = businessId;
  }
}

function businessChoice(session: Session, choose: (businessId: string) => void): HTMLSelectElement {
  const options = session.businesses.map((id) => h("option", { attributes: { value: id } }, id));
  const select = h("select", { class: "business-choice" }, ...options);
  select.addEventListener("change", () => choose(select.value));
  return select;
}
