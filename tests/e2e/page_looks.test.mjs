/** The look of the page and its accessibility: colour schemes, widths, rules of axe. */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { after, before, describe, it } from "node:test";

import { openBrowser, openPage } from "./support/browser.mjs";
import { startMockServer } from "./support/mock_server.mjs";
import { pressPlay, rowOf, signIn, waitForSound } from "./support/page_steps.mjs";

describe("the look of the page", () => {
  const axe = createRequire(import.meta.url).resolve("axe-core/axe.min.js");
  let browser, stage;

  before(async () => {
    browser = await openBrowser();
    stage = await startMockServer();
  });
  after(async () => {
    await browser.close();
    await stage.stop();
  });

  /** Signs in with a new link, because each works once, and runs `look` on the page. */
  async function withPage(options, look) {
    stage.server.logins.set("looks", "harbour-dental");
    const { page, context, troubles } = await openPage(browser, options);
    try {
      await signIn(page, stage, "/login?token=looks");
      await look(page);
      assert.deepEqual(troubles, []);
    } finally {
      await context.close();
    }
  }

  async function violations(page) {
    await page.evaluate(await readFile(axe, "utf8"));
    const { violations: found } = await page.evaluate(() => globalThis.axe.run(document));
    return found.map(
      (violation) => `${violation.id}: ${violation.nodes.map((node) => node.target).join(" ")}`,
    );
  }

  for (const colorScheme of ["light", "dark"]) {
    it(`has no accessibility faults in the ${colorScheme} scheme, list and player`, async () => {
      await withPage({ colorScheme }, async (page) => {
        assert.deepEqual(await violations(page), []);
        await pressPlay(page, stage.calls.failed);
        await page.locator(".player-message:visible").waitFor();
        assert.deepEqual(await violations(page), []);
        await pressPlay(page, stage.calls.stored);
        await waitForSound(page);
        assert.deepEqual(await violations(page), []);
      });
    });
  }

  it("has no accessibility faults in the sign-in form", async () => {
    const { page, context } = await openPage(browser);
    await page.goto(stage.baseUrl);
    await page.getByLabel("API key").waitFor();
    assert.deepEqual(await violations(page), []);
    await context.close();
  });

  it("is dark where the person's system is dark", async () => {
    const brightness = (page) =>
      page.evaluate(() => {
        const [red, green, blue] = getComputedStyle(document.body)
          .backgroundColor.match(/\d+/g)
          .map(Number);
        return (red + green + blue) / 3;
      });
    await withPage({ colorScheme: "light" }, async (page) =>
      assert.ok((await brightness(page)) > 200),
    );
    await withPage({ colorScheme: "dark" }, async (page) =>
      assert.ok((await brightness(page)) < 60),
    );
  });

  it("keeps the pressed row in sight when the player appears", async () => {
    await withPage({ viewport: { width: 390, height: 640 } }, async (page) => {
      const row = rowOf(page, stage.calls.gone);
      await row.evaluate((element) => {
        const { bottom } = element.getBoundingClientRect();
        scrollBy({ top: bottom - innerHeight, behavior: "instant" });
      });
      await pressPlay(page, stage.calls.gone);
      await waitForSound(page);
      await page.waitForFunction(() => {
        const row = document.querySelector('.row[aria-current="true"]').getBoundingClientRect();
        const player = document.querySelector(".player").getBoundingClientRect();
        return row.bottom <= player.top;
      });
    });
  });

  it("fits a narrow phone without scrolling sideways", async () => {
    await withPage({ viewport: { width: 320, height: 640 } }, async (page) => {
      await pressPlay(page, stage.calls.stored);
      await waitForSound(page);
      const width = await page.evaluate(() => document.documentElement.scrollWidth);
      assert.ok(width <= 320, `the page is ${width} pixels wide`);
    });
  });
});
