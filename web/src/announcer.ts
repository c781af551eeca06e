/**
 * What a screen reader says while the person waits: one polite region for the whole page. It never
 * repeats the text it said last.
 */
import { h, setText } from "./dom";

export class Announcer {
  readonly element = h("p", {
    class: "visually-hidden",
    attributes: { role: "status", "aria-live": "polite" },
  });

  say(text: string): void {
    setText(this.element, text);
  }
}
