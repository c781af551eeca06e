/** A few lines in place of a framework. Text is always a text node, so a name can never be markup. */

type Child = Node | string | null;

interface Properties {
  class?: string;
  /** Attributes as written in HTML; null leaves one out, true writes it empty. */
  attributes?: Record<string, string | boolean | null>;
  on?: Partial<{ [Type in keyof HTMLElementEventMap]: (event: HTMLElementEventMap[Type]) => void }>;
}

/** Makes an element with its attributes, listeners and children. */
export function h<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  properties: Properties = {},
  ...children: Child[]
): HTMLElementTagNameMap[Tag] {
  const element = document.createElement(tag);
  if (properties.class !== undefined) element.className = properties.class;
  for (const [name, value] of Object.entries(properties.attributes ?? {})) {
    setAttribute(element, name, value);
  }
  for (const [type, listener] of Object.entries(properties.on ?? {})) {
    element.addEventListener(type, listener as EventListener);
  }
  element.append(...children.filter((child): child is Node | string => child !== null));
  return element;
}

export function setAttribute(element: Element, name: string, value: string | boolean | null): void {
  if (value === null || value === false) element.removeAttribute(name);
  else element.setAttribute(name, value === true ? "" : value);
}

/** Sets text only when it differs, so that a selection stays and a screen reader is silent. */
export function setText(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}

/** Text for screen readers only. */
export function hidden(text: string): HTMLSpanElement {
  return h("span", { class: "visually-hidden" }, text);
}
