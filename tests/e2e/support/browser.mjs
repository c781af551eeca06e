/** Chromium for tests: Debian's own, headless, with a fresh profile and no traffic of its own. */
import { chromium } from "playwright-core";

const kExecutable = process.env.TAPEDECK_CHROMIUM ?? "/usr/bin/chromium";
const kArguments = [
  "--no-sandbox", // Chromium refuses to run as root with its sandbox; pages here are our own.
  "--disable-gpu",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];
/** The longest wait for the page in a test. */
export const kPatienceMs = 15_000;

/** Launches with a temporary profile, which is removed with the browser. */
export async function openBrowser() {
  return chromium.launch({ executablePath: kExecutable, headless: true, args: kArguments });
}

/**
 * A page in its own context that records faults. `troubles` collects dialogs (a script that ran from
 * data), policy violations and uncaught errors; `requests` collects every request.
 */
export async function openPage(browser, options = {}) {
  const context = await browser.newContext({
    viewport: { width: 1180, height: 800 },
    locale: "en-GB",
    ...options,
  });
  const page = await context.newPage();
  page.setDefaultTimeout(kPatienceMs);
  const troubles = [];
  const requests = [];
  page.on("dialog", (dialog) => {
    troubles.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on("pageerror", (error) => troubles.push(`error: ${error.message}`));
  page.on("console", (message) => {
    if (/Content Security Policy/i.test(message.text())) troubles.push(`policy: ${message.text()}`);
  });
  page.on("request", (request) =>
    requests.push({ method: request.method(), url: request.url(), kind: request.resourceType() }),
  );
  return { page, context, troubles, requests };
}
