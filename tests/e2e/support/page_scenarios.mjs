/**
 * The scenarios that any server behind the page must pass: the mock and the real one.
 *
 * A server is given as `startStage()`, which starts it and returns a stage:
 *   baseUrl                 its address
 *   signInPath, or else businessKey   a one-time link, or an API key
 *   calls                   {title, sid} of calls by name: cold, stored, failed, rightToLeft, markup
 *   queueFourth(sid)        the next press of it is answered "queued, 4th"
 *   queueFirst, fetchSome, store(sid)   change its state; fetchSome leads to a percentage
 *   queueRetryFourth(sid)   as queueFourth, for a retry of a failed recording
 *   stop()                  ends it and removes its files
 */
import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach, describe, it } from "node:test";

import { openBrowser, openPage } from "./browser.mjs";
import {
  audioRequests,
  audioState,
  buttonOf,
  pressPlay,
  rowOf,
  seek,
  signIn,
  waitForRowWords,
  waitForSound,
  waitForWords,
} from "./page_steps.mjs";

export function describePage(title, startStage) {
  describe(title, () => {
    let browser, stage, page, context, requests, troubles;

    before(async () => {
      browser = await openBrowser();
    });
    after(async () => {
      await browser.close();
    });
    beforeEach(async () => {
      stage = await startStage();
      ({ page, context, requests, troubles } = await openPage(browser));
    });
    afterEach(async () => {
      await context.close();
      await stage.stop();
      assert.deepEqual(troubles, [], "no dialog, no policy violation, no uncaught error");
    });

    it("shows the calls without a request for audio", async () => {
      await signIn(page, stage);
      await rowOf(page, stage.calls.stored).waitFor();
      await page.waitForLoadState("networkidle");
      assert.deepEqual(audioRequests(requests), []);
      assert.equal(requests.filter((request) => request.kind === "media").length, 0);
      assert.equal((await audioState(page)).preload, "none");
      assert.equal((await audioState(page)).src, "");
    });

    it("plays a stored recording at a press", async () => {
      await signIn(page, stage);
      await pressPlay(page, stage.calls.stored);
      await waitForSound(page);
    });

    it("shows place and progress of a cold recording, and plays it by itself", async () => {
      const { cold } = stage.calls;
      await signIn(page, stage);
      await stage.queueFourth(cold.sid);
      await pressPlay(page, cold);
      await waitForWords(page, /Queued, 4th/);
      await waitForRowWords(page, cold, /Queued, 4th/);
      await stage.queueFirst(cold.sid);
      await waitForWords(page, /Queued, 1st/);
      await stage.fetchSome(cold.sid);
      await waitForWords(page, /Fetching \d+ %/);
      assert.equal((await audioState(page)).src, "", "no audio is asked for before it is there");
      await stage.store(cold.sid);
      await waitForSound(page);
      await waitForRowWords(page, cold, /Ready/);
    });

    it("sends one request for a recording that is pressed twice", async () => {
      const { cold } = stage.calls;
      await signIn(page, stage);
      await stage.queueFourth(cold.sid);
      await buttonOf(page, cold).dblclick();
      await waitForWords(page, /Queued, 4th/);
      await pressPlay(page, cold);
      await waitForWords(page, /Queued, 4th/);
      assert.equal(audioRequests(requests).length, 1);
    });

    it("seeks to 90 % and continues from there", async () => {
      await signIn(page, stage);
      await pressPlay(page, stage.calls.stored);
      await waitForSound(page);
      const target = await seek(page, 0.9);
      await waitForSound(page, target);
      const { currentTime, duration } = await audioState(page);
      assert.ok(
        currentTime >= target && currentTime <= duration,
        `at ${currentTime} s of ${duration} s`,
      );
    });

    it("pauses and resumes at further presses", async () => {
      await signIn(page, stage);
      await pressPlay(page, stage.calls.stored);
      await waitForSound(page);
      await pressPlay(page, stage.calls.stored);
      await page.waitForFunction(() => document.querySelector("audio").paused);
      const { currentTime } = await audioState(page);
      await pressPlay(page, stage.calls.stored);
      await waitForSound(page, currentTime);
    });

    it("shows markup in a caller's name as text", async () => {
      const { markup } = stage.calls;
      await signIn(page, stage);
      await rowOf(page, markup).waitFor();
      assert.equal(await rowOf(page, markup).locator("img, script").count(), 0);
      // The player's bar, the labels and the title of the page show the name too.
      await stage.queueFourth(markup.sid);
      await pressPlay(page, markup);
      await waitForWords(page, /Queued, 4th/);
      assert.equal(await page.locator(".player-title").textContent(), markup.title);
      assert.equal(await page.locator(".player img, .player script").count(), 0);
    });

    it("shows a right-to-left name in its own direction", async () => {
      await signIn(page, stage);
      const name = rowOf(page, stage.calls.rightToLeft).locator(".row-name");
      assert.equal(await name.getAttribute("dir"), "auto");
      assert.equal(await name.evaluate((element) => getComputedStyle(element).direction), "rtl");
      const [left, ownLeft] = await Promise.all(
        [name, rowOf(page, stage.calls.stored).locator(".row-name")].map(async (element) =>
          Math.round((await element.boundingBox()).x),
        ),
      );
      assert.equal(left, ownLeft, "and it starts where the other names start");
    });

    it("says why a recording failed, and plays it after a retry", async () => {
      const { failed } = stage.calls;
      await signIn(page, stage);
      await waitForRowWords(page, failed, /Failed/);
      assert.match(await rowOf(page, failed).locator(".row-state-long").textContent(), /\w{4}/);
      await stage.queueRetryFourth(failed.sid);
      await rowOf(page, failed)
        .getByRole("button", { name: /^Retry/ })
        .click();
      await waitForWords(page, /Queued, 4th/);
      await stage.store(failed.sid);
      await waitForSound(page);
    });

    it("plays, pauses and moves between calls with the keyboard alone", async () => {
      await signIn(page, stage);
      const buttons = page.locator(".row button.row-play");
      const focused = () =>
        page.evaluate(() => document.activeElement.getAttribute("aria-label") ?? "");
      const kMostTabs = 12;
      for (let tab = 0; tab < kMostTabs && !(await focused()).startsWith("Play"); tab += 1) {
        await page.keyboard.press("Tab");
      }
      assert.equal(await focused(), await buttons.first().getAttribute("aria-label"));
      const wanted = await buttonOf(page, stage.calls.stored).getAttribute("aria-label");
      const kMostArrows = 60;
      for (let press = 0; press < kMostArrows && (await focused()) !== wanted; press += 1) {
        await page.keyboard.press("ArrowDown");
      }
      await page.keyboard.press("Enter");
      await waitForSound(page);
      assert.match(await focused(), /^Pause/);
      await page.keyboard.press("Space");
      await page.waitForFunction(() =>
        document.activeElement.getAttribute("aria-label").startsWith("Play"),
      );
      assert.equal((await audioState(page)).paused, true);
    });
  });
}
