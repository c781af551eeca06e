/** What a person does and sees on the page, for scenarios with any server. */

/** Opens the one-time link, or enters the key where there is no link, and waits for the list. */
export async function signIn(page, stage, path = stage.signInPath) {
  await page.goto(stage.baseUrl + (path ?? ""));
  if (path === undefined) {
    await page.getByLabel("API key").fill(stage.businessKey);
    await page.getByRole("button", { name: "Sign in" }).click();
  }
  await page.locator(".row").first().waitFor();
}

/** The row of a call, by the title it shows. */
export function rowOf(page, call) {
  const name = page.locator(".row-name").filter({ hasText: exactly(call.title) });
  return page.locator(".row").filter({ has: name }).first();
}

export function exactly(text) {
  return new RegExp(`^${text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")}$`);
}

/** A row's round button: play, pause or retry. */
export function buttonOf(page, call) {
  return rowOf(page, call).locator(".row-play");
}

export async function pressPlay(page, call) {
  await buttonOf(page, call).click();
}

/** Waits until the bar at the foot contains the text. */
export async function waitForWords(page, pattern) {
  await page.locator(".player-message:visible").filter({ hasText: pattern }).waitFor();
}

/** Waits until the row contains the text. */
export async function waitForRowWords(page, call, pattern) {
  await rowOf(page, call).locator(".row-state").filter({ hasText: pattern }).waitFor();
}

/** Waits until the playback is past a time, which a paused or stalled element never is. */
export async function waitForSound(page, fromSeconds = 0) {
  await page.waitForFunction((from) => {
    const audio = document.querySelector("audio");
    return !audio.paused && audio.currentTime > from + 0.2;
  }, fromSeconds);
}

/** Seeks to a part of the recording, 0 to 1; returns the time, in seconds. */
export async function seek(page, part) {
  return page.evaluate((share) => {
    const audio = document.querySelector("audio");
    audio.currentTime = audio.duration * share;
    return audio.currentTime;
  }, part);
}

export async function audioState(page) {
  return page.evaluate(() => {
    const { currentTime, duration, paused, playbackRate, preload, src } =
      document.querySelector("audio");
    return { currentTime, duration, paused, playbackRate, preload, src };
  });
}

/** Requests that a press of play makes: those of streams. */
export function audioRequests(requests) {
  return requests.filter((request) => /\/api\/recordings\/[^/]+\/stream/.test(request.url));
}

/** Makes the page believe that its tab is in the background, or in front again. */
export async function setHidden(page, isHidden) {
  await page.evaluate((hidden) => {
    Object.defineProperty(document, "hidden", { configurable: true, get: () => hidden });
    document.dispatchEvent(new Event("visibilitychange"));
  }, isHidden);
}
