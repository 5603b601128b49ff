// What is sung and what is known of a track, each on a sheet of its own.
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { browse, heard, looked_at, LOOKS, open, serve, tagged, until } from "./house.mjs";

const SECONDS = 20;
const LINES = ["[ar:One]", "[00:01.00]first", "[00:08.50]<b>second</b>", "[00:15.00]third", "[00:18.00]first again"];

test("lyrics follow the music, and a click on a line goes there", async (t) => {
  const library = tagged(t, [{ title: "Sung", artist: "One", album: "Rooms" }, { title: "Hummed", artist: "One", album: "Rooms" }, { title: "Told", artist: "One", album: "Rooms" }], { seconds: SECONDS });
  writeFileSync(join(library, "0001.lrc"), LINES.join("\n"));
  writeFileSync(join(library, "0003.txt"), "one line\nand another");
  const server = await serve(t, { library });
  const page = await open(await browse(t), server.url);
  const row = (title) => page.getByRole("grid", { name: "Tracks" }).locator("[data-track] .c-title strong", { hasText: title });
  const sheet = page.getByRole("dialog", { name: "Lyrics" });
  await row("Sung").click();
  await heard(page, "it plays", (now) => now.track_id !== null && now.position_frames > 0);
  await page.getByRole("button", { name: "Lyrics" }).click();
  const now = sheet.locator("[aria-current=true]");
  await sheet.getByRole("button", { name: "third" }).click();
  await until("the line of now", async () => (await now.allTextContents()).join() === "third");
  assert.ok((await heard(page, "it went there", (at) => at.position_frames >= 15 * 16_000)).position_frames < 18 * 16_000);
  // The next one follows by itself; what looks like markup is text.
  await until("the next line", async () => (await now.allTextContents()).join() === "first again");
  assert.deepEqual(await sheet.locator("li").allTextContents(), ["first", "<b>second</b>", "third", "first again"]);
  await page.keyboard.press("Escape");
  assert.equal(await sheet.count(), 0);

  // Lines without times are lines; a track without any says how it gets some.
  await row("Told").click();
  await page.keyboard.press("l");
  await until("its lines", async () => (await sheet.locator("li").allTextContents()).join("|") === "one line|and another");
  assert.equal(await sheet.locator("li button").count(), 0);
  await page.keyboard.press("l");
  await row("Hummed").click();
  await page.locator(".now-playing strong", { hasText: "Hummed" }).waitFor();
  assert.equal(await page.getByRole("button", { name: "Lyrics" }).count(), 0);
  await page.keyboard.press("l");
  await sheet.getByText("This track has no lyrics").waitFor();
  await page.keyboard.press("Escape");
  assert.deepEqual(page.complaints.filter((said) => !said.includes("404")), []);
});

test("what is known of a track stands on a sheet", async (t) => {
  const library = tagged(t, [{ title: "Sung", artist: "One", album: "Rooms", genre: "Jazz", year: "1999" }]);
  const server = await serve(t, { library });
  const page = await open(await browse(t), server.url);
  await page.getByRole("grid", { name: "Tracks" }).locator("[data-track] .c-title strong").click({ button: "right" });
  await page.getByRole("menuitem", { name: "About it" }).click();
  const sheet = page.getByRole("dialog", { name: "Sung" });
  const told = await until("its rows", async () => {
    const rows = await sheet.locator("dl > div").evaluateAll((rows) => rows.map((row) => [row.querySelector("dt").textContent, row.querySelector("dd").textContent]));
    return rows.length > 0 ? Object.fromEntries(rows) : null;
  });
  assert.deepEqual([told.Artist, told.Album, told.Place, told.Date, told.Genres, told.Length], ["One", "Rooms", "track 1", "1999", "Jazz", "0:02"]);
  assert.match(told.Format, /^PCM, 16\u2009kHz, 16\u2009bit, stereo$/);
  assert.match(told.File, /^0001\.wav \(\d+\u2009KB\)$/);
  await sheet.getByRole("button", { name: "Close" }).click();
  assert.equal(await sheet.count(), 0);
  assert.deepEqual(page.complaints, []);
});

test("sheets of a track are fit to be seen on a desk and in a pocket", async (t) => {
  const long = "A line that goes on for much longer than any sheet or screen is wide, without_any_place_to_break_it_".repeat(2);
  const library = tagged(t, [{ title: "Sung", artist: long, album: "Rooms", genre: "Jazz", year: "1999" }, { title: "Hummed", artist: "One", album: "Rooms" }], { seconds: SECONDS });
  writeFileSync(join(library, "0001.lrc"), ["[00:00.00]a beginning", ...LINES, "[00:19.00]", `[00:19.50]${long}`].join("\n"));
  const server = await serve(t, { library });
  await fetch(`${server.url}/api/queue`, { method: "PATCH", headers: { "content-type": "application/json" }, body: '{"repeat":"radio"}' });
  const browser = await browse(t);
  for (const [look, options] of LOOKS) {
    const page = await open(browser, server.url, options);
    const row = page.getByRole("grid", { name: "Tracks" }).locator("[data-track] .c-title strong", { hasText: "Sung" });
    await row.click();
    await heard(page, "it plays", (now) => now.plan_id !== null && now.position_frames > 0);
    await page.evaluate(() => window.auralis.pause());
    await page.keyboard.press("l");
    await page.getByRole("dialog", { name: "Lyrics" }).locator("[aria-current=true]").waitFor();
    await looked_at(page, `${look}-lyrics`);
    await page.getByRole("button", { name: "Close", exact: true }).click();
    if (look.startsWith("pocket")) {
      await looked_at(page, `${look}-player`);
      await page.getByRole("button", { name: "Close the player" }).click();
    }
    await row.click({ button: "right" });
    await looked_at(page, `${look}-menu`);
    await page.getByRole("menuitem", { name: "About it" }).click();
    await page.getByRole("dialog", { name: "Sung" }).locator("dd").first().waitFor();
    await looked_at(page, `${look}-about`);
    await page.keyboard.press("Escape");
    await page.keyboard.press("q");
    await page.getByRole("button", { name: "Radio" }).and(page.locator("[aria-pressed=true]")).waitFor();
    await looked_at(page, `${look}-radio`);
    await page.context().close();
  }
});
