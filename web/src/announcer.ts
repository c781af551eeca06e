/**
 * What a screen reader hears while the person waits. One polite region for the whole page; a text
 * that was just said is not said again.
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
