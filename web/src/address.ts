/** The address holds what the page shows, so that a reload, a bookmark or a shared link shows it again. */

import type { CallQuery } from "./api";

export interface View extends CallQuery {
  /** The business an operator looks at; null for the session's own. */
  business: string | null;
}

/** Longer searches are cut: a phone number, a name or a SID fits well. */
const kLongestSearch = 200;

export function readView(query: string): View {
  const parameters = new URLSearchParams(query);
  const direction = parameters.get("direction");
  return {
    search: (parameters.get("search") ?? "").slice(0, kLongestSearch),
    direction: direction === "inbound" || direction === "outbound" ? direction : "",
    business: parameters.get("business") || null,
  };
}

/** The query of a view, with its question mark; empty for the plain page. */
export function writeView(view: View): string {
  const parameters = new URLSearchParams();
  if (view.business !== null) parameters.set("business", view.business);
  if (view.search !== "") parameters.set("search", view.search);
  if (view.direction !== "") parameters.set("direction", view.direction);
  const query = parameters.toString();
  return query === "" ? "" : `?${query}`;
}
