/** The form for a visitor without a session. */

import { ApiFailure, type Api } from "./api";
import { h, setAttribute, setText } from "./dom";
import { brand } from "./brand";
import { refusalOf } from "./refusal";

/** Makes the sign-in page; `onSignedIn` runs after the server has set its cookie. */
export function signInPage(api: Api, reason: string, onSignedIn: () => void): HTMLElement {
  const key = h("input", {
    class: "field",
    attributes: {
      id: "key",
      name: "key",
      type: "password",
      autocomplete: "current-password",
      required: true,
      spellcheck: "false",
      placeholder: "tdk_…",
      "aria-describedby": "key-help key-error",
    },
  });
  const error = h(
    "p",
    { class: "form-error", attributes: { id: "key-error", role: "alert" } },
    reason,
  );
  const submit = h(
    "button",
    { class: "button button-strong", attributes: { type: "submit" } },
    "Sign in",
  );

  const signIn = async (): Promise<void> => {
    setAttribute(submit, "aria-disabled", "true");
    setText(error, "");
    try {
      await api.signIn(key.value.trim());
      onSignedIn();
    } catch (failure) {
      if (!(failure instanceof ApiFailure)) throw failure;
      setText(error, failure.status === 401 ? "This key is not valid." : refusalOf(failure).long);
      setAttribute(key, "aria-invalid", "true");
      key.select();
    } finally {
      setAttribute(submit, "aria-disabled", null);
    }
  };

  return h(
    "main",
    { class: "sign-in" },
    h(
      "form",
      {
        class: "sign-in-card",
        on: {
          submit: (event) => {
            event.preventDefault();
            if (!submit.hasAttribute("aria-disabled")) void signIn();
          },
        },
      },
      brand("h1"),
      h("label", { class: "field-label", attributes: { for: "key" } }, "API key"),
      key,
      error,
      submit,
      h(
        "p",
        { class: "field-help", attributes: { id: "key-help" } },
        "A key of your business or an operator's, made with ",
        h("code", {}, "tapedeck key create"),
        ". A one-time link from the server signs you in without one.",
      ),
    ),
  );
}
