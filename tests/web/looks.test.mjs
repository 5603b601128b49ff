// The page as it looks: light and dark, on a desk and in a pocket; pictures go to target/screens. The
// rules for people who cannot see it are checked on each.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { browse, heard, measured, open, packages, picture, serve } from "./house.mjs";

const SIZES = { desk: { width: 1280, height: 800 }, pocket: { width: 390, height: 844 } };

test("light and dark, desk and pocket, playing, break no rule of accessibility", async (t) => {
  const server = await serve(t);
  await measured(server, 6);
  const browser = await browse(t);
  const axe = readFileSync(packages.resolve("axe-core/axe.min.js"), "utf8");
  for (const colorScheme of ["light", "dark"]) {
    for (const [size, viewport] of Object.entries(SIZES)) {
      const page = await open(browser, server.url, { colorScheme, viewport, bypassCSP: true });
      await page.locator("[role=row][data-track]").nth(1).click();
      await heard(page, "it plays", (now) => now.position_frames > 48_000 && now.plan_id !== null);
      await picture(page, `${size}-${colorScheme}`);
      await page.evaluate(axe);
      const { violations } = await page.evaluate(() => window.axe.run());
      const found = violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(" ")}`);
      assert.deepEqual(found, [], `${size}, ${colorScheme}`);
      // Nothing may be wider than the screen.
      const wide = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
      assert.ok(wide <= 0, `${size}, ${colorScheme}: ${wide} px too wide`);
      await page.context().close();
    }
  }
});
