import { h } from "./dom";
import iconUrl from "./icon.svg";

/** The mark and the name. */
export function brand(tag: "h1" | "p"): HTMLElement {
  const mark = h("img", { attributes: { src: iconUrl, alt: "", width: "28", height: "28" } });
  return h(tag, { class: "brand" }, mark, "Tapedeck");
}
