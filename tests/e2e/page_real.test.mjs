/** The page in a real browser, with the real server and the simulator. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { after, afterEach, before, beforeEach, describe, it } from "node:test";

import { openBrowser, openPage } from "./support/browser.mjs";
import { describePage } from "./support/page_scenarios.mjs";
import {
  audioState,
  buttonOf,
  pressPlay,
  rowOf,
  signIn,
  waitForRowWords,
  waitForSound,
  waitForWords,
} from "./support/page_steps.mjs";
import { kToneSeconds, startRealStage } from "./support/real_stage.mjs";
import { until } from "./support/tapedeck.mjs";
import { makeTone } from "./support/tone.mjs";

describePage("the page's main scenarios on the real server", startRealStage);

// One server for all of these, because none changes what another checks.
describe("the real server behind the page", () => {
  let browser, stage, page, context, troubles, keyToRevoke;

  before(async () => {
    browser = await openBrowser();
    stage = await startRealStage();
    const made = await stage.deck.command("key", "create", "--business", "harbour-dental");
    keyToRevoke = made.stdout.trim();
  });
  after(async () => {
    await browser.close();
    await stage?.stop();
  });
  beforeEach(async () => {
    ({ page, context, troubles } = await openPage(browser));
  });
  afterEach(async () => {
    await context.close();
    assert.deepEqual(troubles, [], "no dialog, no policy violation, no uncaught error");
  });

  const requestsAtProvider = async () => (await stage.sim.stats()).requests;
  const downloadsOf = async (sid) => (await stage.sim.stats()).recordings[sid]?.requested ?? 0;

  it("sends nothing to the provider when the list is loaded, reloaded or searched", async () => {
    const before = await requestsAtProvider();
    await signIn(page, stage);
    await page.reload();
    await rowOf(page, stage.calls.cold).waitFor();
    await page.getByRole("searchbox").fill("555");
    await page.waitForURL(/search=555/);
    await page.waitForLoadState("networkidle");
    assert.equal(await requestsAtProvider(), before);
    assert.equal((await stage.deck.queue(stage.business)).active_count, 0);
  });

  it("plays the provider's bytes in their whole length", async () => {
    await signIn(page, stage);
    await pressPlay(page, stage.calls.stored);
    await waitForSound(page);
    const { duration, src } = await audioState(page);
    assert.ok(Math.abs(duration - kToneSeconds) < 0.1, `${duration} s`);
    const digest = await page.evaluate(async (url) => {
      const bytes = await (await fetch(url)).arrayBuffer();
      const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
      return [...hash].map((byte) => byte.toString(16).padStart(2, "0")).join("");
    }, src);
    assert.equal(digest, createHash("sha256").update(makeTone(kToneSeconds)).digest("hex"));
  });

  it("downloads a cold recording once, however often it is pressed", async () => {
    const { rightToLeft } = stage.calls;
    await signIn(page, stage);
    await buttonOf(page, rightToLeft).dblclick();
    await waitForSound(page);
    await page.reload();
    await waitForRowWords(page, rightToLeft, /Ready/);
    await pressPlay(page, rightToLeft);
    await waitForSound(page);
    assert.equal(await downloadsOf(rightToLeft.sid), 1);
  });

  it("downloads a stored recording under a descriptive file name", async () => {
    await signIn(page, stage);
    const link = rowOf(page, stage.calls.stored).getByRole("link", { name: /^Download/ });
    const [download] = await Promise.all([page.waitForEvent("download"), link.click()]);
    assert.match(download.suggestedFilename(), /^[\w.-]+\.wav$/);
  });

  it("finds a call by its caller's name in Hebrew, and by half a number", async () => {
    await signIn(page, stage);
    for (const [text, name] of [["לוי", "rightToLeft"], ["thompson", "stored"], ["0142", "cold"]]) {
      await page.getByRole("searchbox").fill(text);
      await page.waitForFunction(() => document.querySelectorAll(".row").length === 1);
      await rowOf(page, stage.calls[name]).waitFor();
    }
  });

  it("says that a key is wrong, and accepts the right one", async () => {
    await page.goto(stage.baseUrl);
    await page.getByLabel("API key").fill(`${stage.businessKey.slice(0, -1)}~`);
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByRole("alert").filter({ hasText: "This key is not valid." }).waitFor();
    await page.getByLabel("API key").fill(stage.businessKey);
    await page.getByRole("button", { name: "Sign in" }).click();
    await rowOf(page, stage.calls.stored).waitFor();
  });

  it("lets an operator play a business's recordings, and shows another business none of them", async () => {
    const account = await stage.sim.addAccount({ business: "lumen-legal" });
    const other = await stage.deck.addBusiness("lumen-legal", account);
    const operator = { baseUrl: stage.baseUrl, businessKey: stage.deck.operatorKey };
    await signIn(page, operator);
    await pressPlay(page, stage.calls.stored);
    await waitForSound(page);
    assert.match((await audioState(page)).src, /business_id=harbour-dental/);
    await page.getByLabel("Business").selectOption("lumen-legal");
    await page.waitForFunction(() => document.querySelectorAll(".row").length === 0);
    assert.equal((await audioState(page)).src, "");
    const answer = await stage.deck.press(other, stage.calls.stored.sid);
    assert.equal(answer.status, 404);
  });

  it("loads the next page of calls at a press", async () => {
    const account = await stage.sim.addAccount({ business: "northside-motors" });
    const business = await stage.deck.addBusiness("northside-motors", account);
    const kCalls = 70;
    for (let number = 0; number < kCalls; number += 1) {
      const target = `/api/calls/CA${String(number).padStart(32, "0")}`;
      const body = { from: `+1206555${String(number).padStart(4, "0")}`, direction: "inbound" };
      await stage.deck.request("PUT", target, { key: business.key, body });
    }
    await signIn(page, { baseUrl: stage.baseUrl, businessKey: business.key });
    await page.waitForFunction(() => document.querySelectorAll(".row").length === 50);
    await page.getByRole("button", { name: "Load more" }).click();
    await page.waitForFunction((all) => document.querySelectorAll(".row").length === all, kCalls);
    const names = await page.locator(".row-name").allTextContents();
    assert.equal(new Set(names).size, kCalls);
  });

  it("continues to wait when the server is killed and started again, and then plays", async () => {
    const { cold } = stage.calls;
    await signIn(page, stage);
    await stage.queueFourth(cold.sid);
    await pressPlay(page, cold);
    await waitForWords(page, /Queued, 4th/);
    await stage.deck.kill();
    await waitForWords(page, /No connection.*Trying again in/);
    await stage.deck.start({ settings: { LISTEN: new URL(stage.baseUrl).host } });
    stage.thaw();
    await waitForSound(page);
    assert.match((await audioState(page)).src, new RegExp(cold.sid));
  });

  it("says that a recording is gone after it was deleted elsewhere", async () => {
    const { markup } = stage.calls;
    await signIn(page, stage);
    const target = `/api/recordings/${markup.sid}`;
    assert.equal((await stage.deck.request("DELETE", target, { key: stage.businessKey })).status, 204);
    await pressPlay(page, markup);
    await waitForWords(page, /Gone/);
    await waitForRowWords(page, markup, /Deleted/);
  });

  it("asks to sign in again when the key behind the session is revoked", async () => {
    await signIn(page, { baseUrl: stage.baseUrl, businessKey: keyToRevoke });
    const keys = JSON.parse((await stage.deck.command("key", "list", "--json")).stdout);
    const { id } = keys.filter(({ business }) => business === "harbour-dental").at(-1);
    await stage.deck.command("key", "revoke", String(id));
    await until(
      "the running server to notice",
      () => page.evaluate(async () => (await fetch("/api/session")).status),
      (status) => status === 401,
    );
    await pressPlay(page, stage.calls.failed);
    await page.getByRole("alert").filter({ hasText: "Your session has ended." }).waitFor();
  });

  it("ends the session at signing out", async () => {
    await signIn(page, stage);
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.getByLabel("API key").waitFor();
    await page.reload();
    await page.getByLabel("API key").waitFor();
  });
});
