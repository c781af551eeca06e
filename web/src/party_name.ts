import { isTitleNumber, partyTitle } from "./call_text";
import { h } from "./dom";
import type { Party } from "./types";

/** A name or number, isolated from the text around it so that right-to-left names read well. */
export function partyName(party: Party, className: string): HTMLElement {
  const direction = isTitleNumber(party) ? "ltr" : "auto";
  const title = partyTitle(party);
  return h("bdi", { class: className, attributes: { dir: direction, title } }, title);
}
