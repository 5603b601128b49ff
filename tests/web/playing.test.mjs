// A person's way: open the page, look for a track, click it, hear it enhanced.
import assert from "node:assert/strict";
import { test } from "node:test";
import { browse, heard, library, measured, open, rms, serve, stats, tap } from "./house.mjs";

test("a click plays a track enhanced in the worklet", async (t) => {
  const server = await serve(t, { library: library(t) });
  const tracks = await measured(server, 2);
  const page = await open(await browse(t), server.url);

  const rows = page.locator("[role=row][data-track]");
  await rows.nth(1).waitFor();
  await page.getByRole("searchbox").fill("thin");
  await page.waitForFunction(() => document.querySelectorAll("[role=row][data-track]").length === 1);
  await page.getByRole("searchbox").fill("");
  await rows.nth(1).waitFor();

  await rows.nth(0).click();
  const playing = await heard(page, "the track plays", (now) => now.track_id !== null && now.position_frames > 0);
  assert.equal(playing.mode, "worklet");
  assert.equal(playing.enhanced, true);
  const track = tracks.find((one) => one.id === playing.track_id);
  assert.equal(track.title.includes("Boomy"), true, `${track.title} is the first row`);
  await heard(page, "the plan is there", (now) => now.plan_id !== null && now.lufs_out !== null);

  const { frame, planes } = await tap(page, 12_000);
  assert.equal(planes.length, 2);
  assert.equal(planes[0].length, 12_000);
  assert.ok(frame > 0);
  assert.ok(rms(planes[0]) > 0.01, `what is heard is sound: ${rms(planes[0])}`);
  assert.equal((await stats(page)).underruns, 0);
  assert.deepEqual(page.complaints, []);
});

test("the switch, seek and pause are heard", async (t) => {
  const server = await serve(t, { library: library(t) });
  await measured(server, 2);
  const page = await open(await browse(t), server.url);
  await page.locator("[role=row][data-track]").first().click();
  await heard(page, "the track plays enhanced", (now) => now.position_frames > 0 && now.plan_id !== null);

  const toggle = page.getByRole("switch", { name: "Enhanced" }).first();
  await toggle.click();
  await heard(page, "the original is heard", (now) => now.compare === "original" && !now.enhanced);
  await toggle.click();
  await heard(page, "enhanced is heard", (now) => now.compare === "enhanced" && now.enhanced);

  await page.evaluate(() => window.auralis.seek(12 * 48_000));
  await heard(page, "12 s are reached", (now) => now.position_frames >= 12 * 48_000 && now.position_frames < 16 * 48_000);

  await page.evaluate(() => window.auralis.pause());
  const still = (await stats(page)).position_frames;
  await page.waitForTimeout(300);
  assert.equal((await stats(page)).position_frames, still);
  assert.deepEqual(page.complaints, []);
});

test("with no library the demo album plays", async (t) => {
  const server = await serve(t);
  const tracks = await measured(server, 6);
  assert.ok(tracks.length >= 6);
  assert.ok(tracks.every((track) => track.state === "measured" && track.duration_s >= 60 && track.duration_s <= 120));
  const page = await open(await browse(t), server.url);
  await page.locator("[data-track] .c-title").first().click();
  await heard(page, "it plays", (now) => now.mode === "worklet" && now.enhanced && now.position_frames > 48_000);
  const { planes } = await tap(page, 24_000);
  assert.ok(rms(planes[0]) > 0.001, `what is heard is sound: ${rms(planes[0])}`);
});
