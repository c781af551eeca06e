/** Decides what to show: the console for a session, the sign-in form without one. */

import { Api, ApiFailure } from "./api";
import { Console } from "./console";
import { h } from "./dom";
import { refusalOf } from "./refusal";
import { signInPage } from "./sign_in";

const api = new Api();
let shown: Console | null = null;

function replace(element: HTMLElement): void {
  document.body.replaceChildren(element);
}

function showSignIn(reason: string): void {
  shown?.leave();
  shown = null;
  replace(signInPage(api, reason, () => void start()));
  document.querySelector<HTMLInputElement>("#key")?.focus();
}

function showFailure(failure: ApiFailure): void {
  shown?.leave();
  shown = null;
  const refusal = refusalOf(failure);
  replace(
    h(
      "main",
      { class: "notice notice-page" },
      h(
        "p",
        { class: "notice-title", attributes: { role: "alert" } },
        `${refusal.short}. ${refusal.long}`,
      ),
      h(
        "button",
        { class: "button", attributes: { type: "button" }, on: { click: () => void start() } },
        "Try again",
      ),
    ),
  );
}

async function signOut(): Promise<void> {
  try {
    await api.signOut();
    showSignIn("");
  } catch (error) {
    if (!(error instanceof ApiFailure)) throw error;
    // Tell the person, who is still signed in: closing the tab would leave the session open.
    showFailure(error);
  }
}

/** The reason in the address why there is no session; removed once read. */
function takeArrivalReason(): string {
  const address = new URL(location.href);
  if (address.searchParams.get("login") !== "failed") return "";
  address.searchParams.delete("login");
  history.replaceState(null, "", address);
  return "This sign-in link was used already or has expired. Ask for a new one, or sign in with a key.";
}

async function start(): Promise<void> {
  const reason = takeArrivalReason();
  try {
    const session = await api.session();
    if (session === null) return showSignIn(reason);
    shown?.leave();
    shown = new Console(api, session, () => void signOut());
    replace(shown.element);
  } catch (error) {
    if (!(error instanceof ApiFailure)) throw error;
    showFailure(error);
  }
}

api.onSignedOut = () => {
  if (shown !== null) showSignIn("Your session has ended. Sign in again.");
};
void start();
