/** The demo as a newcomer uses it: start, open the printed link, press play, listen, end, start again. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { after, afterEach, before, beforeEach, describe, it } from "node:test";
import { promisify } from "node:util";

import { openBrowser, openPage } from "./support/browser.mjs";
import { isRunning, kMp3Seconds, kWavSeconds, makeDemoFolder, startDemo } from "./support/demo.mjs";
import {
  audioState,
  pressPlay,
  rowOf,
  seek,
  waitForRowWords,
  waitForSound,
} from "./support/page_steps.mjs";

const kFirst = { title: "Daniel Reyes" };
const kHebrew = { title: "דנה לוי" };

describe("tapedeck demo", () => {
  let browser, folder, demo, page, context, troubles;

  before(async () => {
    browser = await openBrowser();
  });
  after(async () => {
    await browser.close();
  });
  beforeEach(async () => {
    folder = await makeDemoFolder();
    demo = await startDemo(folder);
    ({ page, context, troubles } = await openPage(browser));
  });
  afterEach(async () => {
    await context.close();
    await demo.end();
    await folder.remove();
    assert.deepEqual(troubles, [], "no dialog, no policy violation, no uncaught error");
  });

  const downloads = async () =>
    (await folder.providerEvents()).filter(
      ({ event, resource }) => event === "request" && resource === "media",
    ).length;

  it("plays a cold recording at a press, in its whole length, from any position", async () => {
    await page.goto(demo.login);
    await rowOf(page, kFirst).waitFor();
    assert.equal(await downloads(), 0);
    await pressPlay(page, kFirst);
    await waitForSound(page);
    const { duration } = await audioState(page);
    assert.ok(Math.abs(duration - kMp3Seconds) < 0.2, `${duration} s`);
    const target = await seek(page, 0.9);
    assert.ok(Math.abs(target - 0.9 * kMp3Seconds) < 0.2, `${target} s`);
    await waitForSound(page, target);
    assert.equal(await downloads(), 1);
  });

  it("lets the newcomer change from one business to another", async () => {
    await page.goto(demo.login);
    await page.getByLabel("Business").selectOption("vet");
    await rowOf(page, kHebrew).waitFor();
    await pressPlay(page, kHebrew);
    await waitForSound(page);
    const { duration } = await audioState(page);
    assert.ok(Math.abs(duration - kWavSeconds) < 0.1, `${duration} s`);
  });

  it("keeps the session over a reload, lets the link in once, and signs out", async () => {
    await page.goto(demo.login);
    await rowOf(page, kFirst).waitFor();
    await page.reload();
    await rowOf(page, kFirst).waitFor();
    const stranger = await openPage(browser);
    await stranger.page.goto(demo.login);
    await stranger.page.getByRole("alert").filter({ hasText: "This sign-in link was used already" }).waitFor();
    await stranger.page.getByLabel("API key").waitFor();
    assert.equal(new URL(stranger.page.url()).search, "");
    await stranger.context.close();
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.getByLabel("API key").waitFor();
    await page.reload();
    await page.getByLabel("API key").waitFor();
  });

  it("prints a curl line that presses play", async () => {
    const line = /curl -i [^]*?\/stream/.exec(demo.welcome)[0];
    const { stdout } = await promisify(execFile)("sh", ["-c", `${line} --silent --noproxy '*'`]);
    assert.match(stdout, /^HTTP\/1\.1 202 /);
    assert.match(stdout, /\{"status":"processing"\}/);
    await page.goto(demo.login);
    await waitForRowWords(page, kFirst, /Ready/);
  });

  it("ends at Ctrl-C with its simulator, and finds its recordings at the next start", async () => {
    await page.goto(demo.login);
    await pressPlay(page, kFirst);
    await waitForSound(page);
    assert.equal(demo.simulators.length, 1);
    assert.deepEqual(await demo.interrupt({ group: true }), { code: 0, signal: null });
    assert.ok(!isRunning(demo.simulators[0]));

    const before = await downloads();
    demo = await startDemo(folder);
    await page.goto(demo.login);
    await waitForRowWords(page, kFirst, /Ready/);
    await pressPlay(page, kFirst);
    await waitForSound(page);
    assert.equal(await downloads(), before);
    assert.deepEqual(await demo.interrupt({ group: false }), { code: 0, signal: null });
    assert.ok(!isRunning(demo.simulators[0]));
  });
});
