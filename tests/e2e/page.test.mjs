/** The page in a real browser, with a mock of the server. */
import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach, describe, it } from "node:test";

import { until } from "../../tools/services/until.mjs";
import { openBrowser, openPage } from "./support/browser.mjs";
import { startMockServer } from "./support/mock_server.mjs";
import { describePage } from "./support/page_scenarios.mjs";
import {
  audioRequests,
  audioState,
  buttonOf,
  pressPlay,
  rowOf,
  setHidden,
  signIn,
  waitForRowWords,
  waitForSound,
  waitForWords,
} from "./support/page_steps.mjs";

describePage("the page's main scenarios", startMockServer);

describe("the page", () => {
  let browser, stage, page, context, requests, troubles;

  before(async () => {
    browser = await openBrowser();
  });
  after(async () => {
    await browser.close();
  });
  beforeEach(async () => {
    stage = await startMockServer();
    ({ page, context, requests, troubles } = await openPage(browser));
  });
  afterEach(async () => {
    await context.close();
    await stage.stop();
    assert.deepEqual(troubles, [], "no dialog, no policy violation, no uncaught error");
  });

  const statusRequests = () =>
    stage.server.requests.filter((request) => request.path.endsWith("/status"));

  it("sends a press of a cold recording as a range of one byte", async () => {
    const { cold } = stage.calls;
    await signIn(page, stage);
    stage.queueFourth(cold.sid);
    await pressPlay(page, cold);
    await waitForWords(page, /Queued, 4th/);
    const streams = stage.server.requests.filter((request) => request.path.endsWith("/stream"));
    assert.deepEqual(
      streams.map((request) => request.range),
      ["bytes=0-0"],
    );
  });

  it("says what a waiting recording waits for", async () => {
    const { cold } = stage.calls;
    await signIn(page, stage);
    stage.queueFourth(cold.sid);
    await pressPlay(page, cold);
    await waitForWords(
      page,
      /It is 4th of 7 in the queue\. 3 of 3 downloads of this business are running\./,
    );
  });

  it("announces the place to a screen reader in a live region", async () => {
    const { cold } = stage.calls;
    await signIn(page, stage);
    stage.queueFourth(cold.sid);
    await pressPlay(page, cold);
    await page
      .getByRole("status")
      .filter({ hasText: "Queued, 4th" })
      .waitFor({ state: "attached" });
  });

  it("shows a failure that happens while the person waits, with a retry", async () => {
    const { cold } = stage.calls;
    await signIn(page, stage);
    stage.queueFourth(cold.sid);
    await pressPlay(page, cold);
    await waitForWords(page, /Queued, 4th/);
    stage.fail(cold.sid);
    await waitForWords(page, /Failed.*The provider stopped sending after 12 kB\./);
    stage.server.onAsked.set(`retry ${cold.sid}`, { state: "stored" });
    await page.locator(".player").getByRole("button", { name: "Retry" }).click();
    await waitForSound(page);
  });

  it("says the time of the retry while a recording is delayed", async () => {
    const { cold } = stage.calls;
    await signIn(page, stage);
    const retryAt = new Date(Date.now() + 150_000).toISOString();
    stage.server.onAsked.set(cold.sid, {
      state: "queued",
      why: "The provider answered 503",
      retry_at: retryAt,
    });
    await pressPlay(page, cold);
    await waitForWords(page, /Next try in 3 min.*The provider answered 503\. The next try is at/);
  });

  it("counts down to the retry in the row too", async () => {
    const { cold } = stage.calls;
    await page.clock.install();
    await signIn(page, stage);
    const retryAt = new Date((await page.evaluate(() => Date.now())) + 50_000).toISOString();
    stage.server.onAsked.set(cold.sid, { state: "queued", why: "Busy", retry_at: retryAt });
    await pressPlay(page, cold);
    const row = rowOf(page, cold).locator(".row-state-short");
    const seconds = async () => Number(/Next try in (\d+) s/.exec(await row.textContent())[1]);
    await waitForRowWords(page, cold, /Next try in/);
    const before = await seconds();
    await page.clock.runFor(5000);
    assert.ok((await seconds()) <= before - 4);
  });

  it("shows the answer to a press although another recording was pressed meanwhile", async () => {
    const { cold, stored } = stage.calls;
    await signIn(page, stage);
    stage.server.onAsked.set(cold.sid, { state: "queued", position: 4, queue_length: 4 });
    let letThrough;
    const isPlaying = new Promise((resolve) => (letThrough = resolve));
    await page.route(`**/${cold.sid}/stream`, async (route) => {
      await isPlaying;
      await route.continue();
    });
    await pressPlay(page, cold);
    await pressPlay(page, stored);
    await waitForSound(page);
    letThrough();
    await waitForRowWords(page, cold, /Queued, 4th/);
    assert.match((await audioState(page)).src, new RegExp(stored.sid));
  });

  it("polls rows that wait without a press", async () => {
    const { cold } = stage.calls;
    stage.server.set(cold.sid, {
      state: "processing",
      progress: { bytes: 10, total: 100, percent: 10 },
    });
    await signIn(page, stage);
    await waitForRowWords(page, cold, /Fetching 10 %/);
    stage.store(cold.sid);
    await waitForRowWords(page, cold, /Ready/);
    assert.deepEqual(audioRequests(requests), []);
  });

  it("sends no request while it is hidden, and continues when it is shown again", async () => {
    const { cold } = stage.calls;
    await page.clock.install();
    await signIn(page, stage);
    stage.queueFourth(cold.sid);
    await pressPlay(page, cold);
    await waitForWords(page, /Queued, 4th/);
    await setHidden(page, true);
    // A request that was sent before the page was hidden may still arrive.
    await page.clock.runFor(10_000);
    const before = statusRequests().length;
    await page.clock.runFor(120_000);
    assert.equal(statusRequests().length, before);
    stage.store(cold.sid);
    await setHidden(page, false);
    await waitForSound(page);
  });

  it("waits for an unavailable part of the server, and says so", async () => {
    const { cold } = stage.calls;
    await signIn(page, stage);
    stage.server.fault = 503;
    await pressPlay(page, cold);
    await waitForWords(page, /Not available.*The slot store does not answer\. Trying again/);
    stage.server.onAsked.set(cold.sid, { state: "stored" });
    stage.server.fault = null;
    await waitForSound(page);
  });

  it("continues to wait after a broken connection", async () => {
    const { cold } = stage.calls;
    await signIn(page, stage);
    stage.queueFourth(cold.sid);
    await pressPlay(page, cold);
    await waitForWords(page, /Queued, 4th/);
    await context.setOffline(true);
    await waitForWords(page, /No connection.*Trying again in/);
    stage.store(cold.sid);
    await context.setOffline(false);
    await waitForSound(page);
  });

  it("says that a recording of an outdated list was deleted", async () => {
    const { gone } = stage.calls;
    await signIn(page, stage);
    stage.server.set(gone.sid, { state: "deleted" });
    await pressPlay(page, gone);
    await waitForWords(page, /Gone/);
    await waitForRowWords(page, gone, /Deleted/);
  });

  it("says why the provider has no audio, and offers a retry", async () => {
    const { absent } = stage.calls;
    await signIn(page, stage);
    await pressPlay(page, absent);
    await waitForWords(page, /No audio.*the recording was too short/);
    stage.server.onAsked.set(`retry ${absent.sid}`, { state: "stored" });
    await page.locator(".player").getByRole("button", { name: "Retry" }).click();
    await waitForSound(page);
  });

  it("offers a press when the browser forbids sound without one", async () => {
    await page.addInitScript(() => {
      const play = HTMLMediaElement.prototype.play;
      let isForbidden = true;
      HTMLMediaElement.prototype.play = function forbiddenOnce() {
        if (!isForbidden) return play.call(this);
        isForbidden = false;
        return Promise.reject(new DOMException("not allowed", "NotAllowedError"));
      };
    });
    await signIn(page, stage);
    await pressPlay(page, stage.calls.stored);
    await waitForWords(page, /Ready/);
    await page.locator(".player").getByRole("button", { name: "Play", exact: true }).click();
    await waitForSound(page);
  });

  it("plays the last pressed of two, and keeps the row of the first up to date", async () => {
    const { cold, rightToLeft } = stage.calls;
    await signIn(page, stage);
    stage.queueFourth(cold.sid);
    await pressPlay(page, cold);
    await waitForWords(page, /Queued, 4th/);
    stage.server.onAsked.set(rightToLeft.sid, { state: "queued", position: 5, queue_length: 8 });
    await pressPlay(page, rightToLeft);
    await waitForWords(page, /Queued, 5th/);
    stage.store(cold.sid);
    await waitForRowWords(page, cold, /Ready/);
    assert.equal((await audioState(page)).src, "");
    stage.store(rightToLeft.sid);
    await waitForSound(page);
    assert.match((await audioState(page)).src, new RegExp(rightToLeft.sid));
  });

  it("keeps the chosen speed for the next recording", async () => {
    await signIn(page, stage);
    await pressPlay(page, stage.calls.stored);
    await waitForSound(page);
    await page.getByLabel("Speed").selectOption("1.5");
    assert.equal((await audioState(page)).playbackRate, 1.5);
    await pressPlay(page, stage.calls.arabic);
    await page.waitForFunction(
      (sid) => document.querySelector("audio").src.includes(sid),
      stage.calls.arabic.sid,
    );
    await waitForSound(page);
    assert.equal((await audioState(page)).playbackRate, 1.5);
  });

  it("shows the waveform of the playing recording once it is measured, and seeks where it is pressed", async () => {
    await signIn(page, stage);
    stage.server.pendingPeaks = 1;
    await pressPlay(page, stage.calls.stored);
    await waitForSound(page);
    const waveform = page.locator("canvas.waveform");
    await waveform.waitFor();
    const { width, height } = await waveform.boundingBox();
    await waveform.click({ position: { x: width * 0.75, y: height / 2 } });
    await page.waitForFunction(() => Math.abs(document.querySelector("audio").currentTime - 30) < 2);
    // The played part has another colour than the rest, and the loud end is taller than the quiet beginning.
    const columns = () =>
      waveform.evaluate((canvas) => {
        const column = (x) => {
          const { data } = canvas.getContext("2d").getImageData(x, 0, 1, canvas.height);
          const painted = [...data].filter((_, i) => i % 4 === 3 && data[i] > 0).length;
          const middle = 4 * Math.floor(canvas.height / 2);
          return { painted, colour: data.slice(middle, middle + 3).join() };
        };
        // Any four pixels contain a bar.
        const barAt = (share) =>
          [0, 1, 2, 3]
            .map((i) => column(Math.round(canvas.width * share) + i))
            .sort((a, b) => b.painted - a.painted)[0];
        return [0.1, 0.6, 0.9].map(barAt);
      });
    // It is drawn with the next step of the sound.
    const [quiet, loud, later] = await until("the waveform that shows what was played", columns, ([, played, rest]) => played.colour !== rest.colour);
    assert.ok(loud.painted > 3 * quiet.painted, `${loud.painted} and ${quiet.painted}`);
    assert.equal(quiet.colour, loud.colour);
    assert.notEqual(loud.colour, later.colour);
  });

  it("plays a recording without a waveform, and shows no message", async () => {
    await signIn(page, stage);
    stage.server.withoutPeaks.add(stage.calls.stored.sid);
    await pressPlay(page, stage.calls.stored);
    await waitForSound(page);
    assert.equal(await page.locator("canvas.waveform:visible").count(), 0);
  });

  it("offers stored recordings, and only those, for download", async () => {
    await signIn(page, stage);
    const link = rowOf(page, stage.calls.stored).getByRole("link", { name: /^Download/ });
    const [download] = await Promise.all([page.waitForEvent("download"), link.click()]);
    assert.equal(download.suggestedFilename(), "call.wav");
    assert.equal(await rowOf(page, stage.calls.cold).getByRole("link").count(), 0);
  });

  it("searches as the person types, once they pause, and keeps the search in the address", async () => {
    await signIn(page, stage);
    const listed = () =>
      stage.server.requests.filter((request) => request.path === "/api/calls").length;
    const before = listed();
    await page.getByRole("searchbox").pressSequentially("thompson");
    await page.waitForURL(/\?search=thompson$/);
    await page.locator(".row").filter({ hasText: "Ava Thompson" }).waitFor();
    await page.waitForFunction(() => document.querySelectorAll(".row").length === 1);
    assert.equal(listed() - before, 1);
    await page.reload();
    await page.waitForFunction(() => document.querySelectorAll(".row").length === 1);
    assert.equal(await page.getByRole("searchbox").inputValue(), "thompson");
  });

  it("offers all calls when a search finds none", async () => {
    await signIn(page, stage);
    await page.getByRole("searchbox").fill("nobody at all");
    await page.getByRole("button", { name: "Show all calls" }).click();
    await rowOf(page, stage.calls.stored).waitFor();
    assert.equal(await page.getByRole("searchbox").inputValue(), "");
  });

  it("shows only the chosen direction", async () => {
    await signIn(page, stage);
    await page.getByRole("radio", { name: "Outbound" }).check({ force: true });
    await page.waitForURL(/direction=outbound/);
    await page.waitForFunction(() => document.querySelector(".row-direction-inbound") === null);
    await rowOf(page, stage.calls.arabic).waitFor();
  });

  it("loads further pages at a press, until all calls are shown", async () => {
    await signIn(page, stage);
    await page.getByRole("button", { name: "Load more" }).click();
    await page.waitForFunction(() => document.querySelectorAll(".row").length === 100);
    await page.getByRole("button", { name: "Load more" }).click();
    await page.waitForFunction(() => document.querySelectorAll(".row").length === 120);
    assert.equal(await page.getByRole("button", { name: "Load more" }).isVisible(), false);
    const titles = await page.locator(".day-title").allTextContents();
    assert.equal(new Set(titles).size, titles.length, "a day that two pages share has one heading");
  });

  it("shows the sign-in form without a session, and accepts a key", async () => {
    await page.goto(stage.baseUrl);
    await page.getByLabel("API key").fill("tdk_wrong");
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByRole("alert").filter({ hasText: "This key is not valid." }).waitFor();
    await page.getByLabel("API key").fill(stage.businessKey);
    await page.getByRole("button", { name: "Sign in" }).click();
    await rowOf(page, stage.calls.stored).waitFor();
    assert.match(await page.locator(".business").textContent(), /harbour-dental/);
  });

  it("signs out", async () => {
    await signIn(page, stage);
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.getByLabel("API key").waitFor();
    await page.reload();
    await page.getByLabel("API key").waitFor();
  });

  it("asks to sign in again when the session has ended", async () => {
    await signIn(page, stage);
    stage.server.endSessions();
    await pressPlay(page, stage.calls.cold);
    await page.getByRole("alert").filter({ hasText: "Your session has ended." }).waitFor();
  });

  it("lets an operator choose a business, and plays its recordings", async () => {
    await signIn(page, stage, stage.operatorSignInPath);
    await page.getByLabel("Business").selectOption("northside-motors");
    await page.waitForURL(/business=northside-motors/);
    await page.waitForFunction(() => document.querySelectorAll(".row").length === 12);
    await pressPlay(page, stage.calls.stored);
    await waitForSound(page);
    assert.match((await audioState(page)).src, /business_id=northside-motors/);
    const lists = stage.server.requests.filter((request) => request.path === "/api/calls");
    assert.deepEqual(
      lists.map((request) => request.business),
      ["harbour-dental", "northside-motors"],
    );
    await page.getByLabel("Business").selectOption("lumen-legal");
    await page.waitForFunction(() => document.querySelector("audio").paused);
    assert.equal(await page.locator(".player").isVisible(), false);
  });

  it("keeps the focus when a button of the player disappears", async () => {
    const { failed, stored } = stage.calls;
    await signIn(page, stage);
    await rowOf(page, failed)
      .getByRole("button", { name: /^Retry/ })
      .click();
    await waitForWords(page, /Failed/);
    stage.queueRetryFourth(failed.sid);
    await page.locator(".player").getByRole("button", { name: "Retry" }).press("Enter");
    await waitForWords(page, /Queued, 4th/);
    assert.match(await page.evaluate(() => document.activeElement.className), /player/);
    await pressPlay(page, stored);
    await waitForSound(page);
    await page.getByRole("button", { name: "Close player" }).press("Enter");
    const focused = await page.evaluate(() => document.activeElement.getAttribute("aria-label"));
    assert.equal(focused, await buttonOf(page, stored).getAttribute("aria-label"));
  });

  it("closes the player, and ends the sound", async () => {
    await signIn(page, stage);
    await pressPlay(page, stage.calls.stored);
    await waitForSound(page);
    await page.getByRole("button", { name: "Close player" }).click();
    assert.equal((await audioState(page)).paused, true);
    assert.equal(await page.locator(".player").isVisible(), false);
    assert.match(await buttonOf(page, stage.calls.stored).getAttribute("aria-label"), /^Play/);
  });
});
