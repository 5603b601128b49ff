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
      await page.evaluate(axe);
      const looked_at = async (name) => {
        await page.evaluate(() => Promise.all(document.getAnimations().map((one) => one.finished)));
        await picture(page, `${size}-${colorScheme}${name}`);
        const { violations } = await page.evaluate(() => window.axe.run());
        const found = violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(" ")}`);
        assert.deepEqual(found, [], `${size}, ${colorScheme}${name}`);
        // Nothing may be wider than the screen.
        const wide = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
        assert.ok(wide <= 0, `${size}, ${colorScheme}${name}: ${wide} px too wide`);
      };
      await looked_at("");
      if (size === "desk") {
        await page.locator(".similar").scrollIntoViewIfNeeded();
        await looked_at("-similar");
      }
      // What is wished beyond the preset, and the choice of a track to sound like.
      if (size === "pocket") await page.getByRole("button", { name: /Open the player/ }).click();
      else await page.getByRole("button", { name: /^Loudness, album, sound like/ }).click();
      await page.getByRole("switch", { name: /One gain for the album/ }).click();
      await page.getByRole("button", { name: "Make it sound like…" }).click();
      await page.locator(".choice").nth(5).waitFor();
      await looked_at("-like");
      await page.locator(".choice").nth(2).click();
      await page.locator(".like strong").waitFor();
      await looked_at("-wishes");
      await page.context().close();
    }
  }
});
