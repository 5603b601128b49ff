// A first scan as a person sees it: how far it is, how fast, how long yet; stopped and gone on with.
// Pictures go to target/screens.
import assert from "node:assert/strict";
import { linkSync, mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { browse, library, open, picture, serve, until } from "./house.mjs";

/** Files; the first is there before. */
const N = 9_001;
const SIZES = { desk: { width: 1440, height: 900 }, pocket: { width: 390, height: 844 } };

test("a scan is seen, stopped and gone on with; then measuring is", async (t) => {
  const music = library(t, { names: ["Boomy"], seconds: 12 });
  const [file] = readdirSync(music);
  const server = await serve(t, { library: music, args: ["--workers", "1", "--no-watch"] });
  const browser = await browse(t);
  const pages = [];
  for (const colorScheme of ["light", "dark"]) {
    for (const [size, viewport] of Object.entries(SIZES)) {
      pages.push([`${size}-${colorScheme}`, await open(browser, server.url, { colorScheme, viewport })]);
    }
  }
  for (let n = 1; n < N; n++) {
    const album = join(music, String(n % 300));
    if (n <= 300) mkdirSync(album);
    linkSync(join(music, file), join(album, `${n}.wav`));
  }
  await fetch(`${server.url}/api/library/scan`, { method: "POST" });
  const [, page] = pages[0];
  const line = () => page.locator(".tally").innerText();
  const pictures = async (name) => {
    for (const [which, one] of pages) {
      await picture(one, `scan-${name}-${which}`);
      const wide = await one.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
      assert.ok(wide <= 0, `${name}, ${which}: ${wide} px too wide`);
    }
  };
  await until("it says how fast it is and how long yet", async () => /Reading [\d,]+ of 9,000 · [\d,]+\/s · \d+\s(s|min) left/.test(await line()));
  await pictures("reading");
  await page.getByRole("button", { name: "Stop" }).click();
  await until("it says that it stopped", async () => /Stopped after [\d,]+ of 9,000/.test(await line()));
  const { state, read, tracks } = await server.json("/api/library/scan");
  assert.deepEqual([state, tracks], ["idle", read + 1]);
  assert.ok(tracks < N);
  await pictures("stopped");
  await page.getByRole("button", { name: "Go on" }).click();
  await until("it goes on with the rest", async () => {
    const { state, unchanged } = await server.json("/api/library/scan");
    return state === "idle" && unchanged === tracks;
  });
  await until("it says how long measuring takes", async () => /Measuring [\d,]+ of 9,001 · .*left/.test(await line()));
  await pictures("measuring");
  assert.deepEqual(pages.flatMap(([, one]) => one.complaints), []);
});
