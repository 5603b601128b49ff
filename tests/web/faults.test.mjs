// What goes wrong: files that make the decoder panic, and a browser that cannot enhance.
import assert from "node:assert/strict";
import { copyFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { browse, heard, library, measured, open, root, serve } from "./house.mjs";

/** Songs with a file between them whose bytes divide by zero in the decoder, all at the rate of that file. */
async function listening(t) {
  const path = library(t, { names: ["Boomy", "Broken", "Thin"], seconds: 16, rate: 16_000 });
  copyFileSync(join(root, "tests/web/files/panics.mkv"), join(path, "02 Panics.mkv"));
  const server = await serve(t, { library: path });
  const tracks = await measured(server, 4);
  const page = await open(await browse(t), server.url);
  await page.locator("[role=row][data-track]").nth(3).waitFor();
  return { server, page, tracks };
}

test("a file on which the decoder panics is named, its Worker replaced, and playback goes on", async (t) => {
  const { page, tracks } = await listening(t);
  const [faulty] = tracks.filter((track) => track.state === "failed");
  assert.match(faulty.fault, /panic/);
  await page.locator(`[role=row][data-track="${faulty.id}"]`).click();
  await page.getByText(/Panics cannot be played/).waitFor();
  const next = tracks[tracks.indexOf(faulty) + 1];
  const now = await heard(page, "the next track plays", (now) => now.track_id === next.id && now.enhanced && now.position_frames > 8_000);
  assert.equal(now.mode, "worklet");
  // The new Worker is as good as the old one.
  await page.evaluate(() => window.auralis.seek(11 * 16_000));
  await heard(page, "a seek", (now) => now.position_frames > 11.2 * 16_000);
  await page.evaluate((id) => window.auralis.play(id), tracks[0].id);
  await heard(page, "another track", (now) => now.track_id === tracks[0].id && now.enhanced && now.position_frames > 8_000);
});

test("a panic in the track to come does not touch the one that is heard", async (t) => {
  const { page, tracks } = await listening(t);
  const at = tracks.findIndex((track) => track.state === "failed");
  // As if the server had not looked at it yet: the page tells its engine of it.
  for (const lists of ["**/api/tracks?**", "**/api/queue?**"]) {
    await page.route(lists, async (route) => {
      const answer = await route.fetch();
      const body = await answer.json();
      for (const item of body.items) {
        const track = item.track ?? item;
        if (track.state === "failed") track.state = "waiting";
      }
      await route.fulfill({ response: answer, json: body });
    });
  }
  await page.reload();
  await page.waitForFunction(() => window.auralis !== undefined);
  const rows = page.locator("[role=row][data-track]");
  await rows.nth(at - 1).click();
  const heard_first = tracks[at - 1];
  await heard(page, "the one before plays", (now) => now.track_id === heard_first.id && now.enhanced && now.position_frames > 0);
  await page.evaluate(() => window.auralis.seek(8 * 16_000));
  // The Worker dies with seconds still to be heard; they are, without a gap.
  const last = await heard(page, "its end is heard", (now) => now.track_id === heard_first.id && now.position_frames > 15.5 * 16_000);
  assert.equal(last.underruns, 0);
  const after = tracks[at + 1];
  await heard(page, "the one after plays", (now) => now.track_id === after.id && now.enhanced && now.position_frames > 0);
  // What the page asks as the test ends, it asks a server that is gone.
  await page.unrouteAll({ behavior: "ignoreErrors" });
});

test("a browser without wasm SIMD plays the native stream and says so", async (t) => {
  const server = await serve(t, { library: library(t) });
  await measured(server, 2);
  const page = await open(await browse(t, ["--js-flags=--no-enable-sse3,--no-enable-ssse3,--no-enable-sse4-1"]), server.url);
  await page.locator("[role=row][data-track]").first().click();
  const now = await heard(page, "the stream plays", (now) => now.mode === "stream" && now.enhanced && now.position_frames > 24_000);
  assert.match(now.notice, /SIMD/);
  await page.getByText(/native stream/i).first().waitFor();
  assert.deepEqual(page.complaints, []);
});
