// What a listener wishes beyond the preset: loudness, one gain for the album, and a track to sound like.
import assert from "node:assert/strict";
import { test } from "node:test";
import { browse, compared, device_rate, heard, library, measured, native, open, serve, stats, tap } from "./house.mjs";

const wishes = (page) => page.getByRole("button", { name: /^Loudness, album, sound like/ });

test("album and reference are heard at once, told, and outlast a reload", async (t) => {
  const browser = await browse(t);
  const rate = await device_rate(browser);
  const server = await serve(t, { library: library(t, { rate, names: ["Boomy", "Thin", "Other"], album: "Rooms" }) });
  const tracks = await measured(server, 3);
  const page = await open(browser, server.url);
  const row = page.locator("[data-track] .c-title").first();
  await row.click();
  const first = await heard(page, "it plays enhanced", (now) => now.enhanced && now.position_frames > 0);
  const id = first.track_id;
  const before = await native(server, id, { plan: first.plan_id });

  await wishes(page).click();
  await page.getByRole("switch", { name: /One gain for the album/ }).click();
  const album = await heard(page, "the album's plan", (now) => now.plan_id !== null && now.plan_id !== first.plan_id);
  assert.equal((await server.json(`/api/tracks/${id}/plan?album=true`)).id, album.plan_id);
  await page.getByText(/its album/).first().waitFor();

  await page.getByRole("button", { name: "Make it sound like…" }).click();
  const sheet = page.getByRole("dialog", { name: "Make it sound like" });
  await sheet.getByRole("searchbox").fill("thi");
  const thin = tracks.find((track) => track.title.includes("Thin"));
  await page.waitForFunction(() => document.querySelectorAll(".choices button").length === 1);
  await sheet.getByRole("button", { name: thin.title }).click();
  await sheet.waitFor({ state: "detached" });
  const like = await heard(page, "the reference's plan", (now) => now.plan_id !== album.plan_id);
  assert.equal((await server.json(`/api/tracks/${id}/plan?album=true&reference=${thin.id}`)).id, like.plan_id);
  await page.getByText(/your reference/).first().waitFor();
  await page.getByText(`like ${thin.title}`).first().waitFor();

  // What is heard is that plan, to the bit from the next border on, and not the one before.
  await page.evaluate((frame) => window.auralis.seek(frame), Math.round(9.6 * rate));
  await heard(page, "the border is passed", (now) => now.position_frames > 10.1 * rate);
  const got = await tap(page, rate);
  compared(got, await native(server, id, { plan: like.plan_id }), { to_the_bit: true });
  assert.throws(() => compared(got, before, { within: 1e-3 }), /differ/);

  await page.reload();
  await page.waitForFunction(() => window.auralis !== undefined);
  await row.click();
  await heard(page, "the same plan after a reload", (now) => now.plan_id === like.plan_id && now.position_frames > 0);
  await page.getByText(`Like ${thin.title}`).first().waitFor();

  // Taken back, one after the other.
  await wishes(page).click();
  await page.getByRole("button", { name: `Sound like ${thin.title} no more` }).click();
  await heard(page, "the album's plan again", (now) => now.plan_id === album.plan_id);
  await page.keyboard.press("Escape");
  await page.evaluate(() => window.auralis.setAlbum(false));
  await heard(page, "the first plan again", (now) => now.plan_id === first.plan_id);
  assert.deepEqual(page.complaints, []);
});

test("the loudness aimed at is heard, kept, and has its limits", async (t) => {
  const server = await serve(t, { library: library(t) });
  await measured(server, 2);
  const page = await open(await browse(t), server.url);
  await page.locator("[role=row][data-track]").first().click();
  const before = await heard(page, "it plays", (now) => now.enhanced && now.position_frames > 0);
  await wishes(page).click();
  const slider = page.getByRole("slider", { name: "Loudness aimed at" });
  await slider.focus();
  await page.keyboard.press("Home");
  const softest = await heard(page, "−23 LUFS", (now) => now.lufs_out !== null && Math.abs(now.lufs_out + 23) < 0.1);
  assert.notEqual(softest.plan_id, before.plan_id);
  assert.equal(await slider.getAttribute("aria-valuetext"), "−23.0\u2009LUFS");
  await page.evaluate(() => window.auralis.setTarget(-18.5));
  await heard(page, "−18.5 LUFS", (now) => Math.abs(now.lufs_out + 18.5) < 0.1);
  await page.reload();
  await page.waitForFunction(() => window.auralis !== undefined);
  await page.locator("[role=row][data-track]").first().click();
  await heard(page, "still −18.5 LUFS", (now) => now.lufs_out !== null && Math.abs(now.lufs_out + 18.5) < 0.1);
  for (const wrong of [-24, -10, NaN]) {
    await assert.rejects(page.evaluate((x) => window.auralis.setTarget(x), wrong), /must lie in/);
  }
  await assert.rejects(page.evaluate(() => window.auralis.setReference("nobody")));
});

test("a reference that leaves the library is let go of", async (t) => {
  const server = await serve(t, { library: library(t) });
  const [boomy] = await measured(server, 2);
  const page = await open(await browse(t), server.url);
  await page.evaluate(() => {
    const kept = JSON.parse(localStorage.getItem("auralis.settings"));
    localStorage.setItem("auralis.settings", JSON.stringify({ ...kept, reference: "0123456789abcdef0123" }));
  });
  await page.reload();
  await page.waitForFunction(() => window.auralis !== undefined);
  await page.evaluate((id) => window.auralis.play(id), boomy.id);
  const now = await heard(page, "it plays as without", (now) => now.enhanced && now.position_frames > 0);
  assert.equal(now.plan_id, (await server.json(`/api/tracks/${boomy.id}/plan`)).id);
  await page.waitForFunction(() => JSON.parse(localStorage.getItem("auralis.settings")).reference === null);
});
