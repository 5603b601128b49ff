// Plain http from another name: no AudioWorklet there. The Worker enhances ahead of time, or takes what the server
// makes, and the page schedules it: the same sound, to the frame.
import assert from "node:assert/strict";
import { test } from "node:test";
import { browse, compared, device_rate, heard, library, measured, native, open, serve, stats, tap } from "./house.mjs";
import { fade, part, RESIDUAL } from "./listening.mjs";

const NAME = "--host-resolver-rules=MAP nas.local 127.0.0.1";

async function listening(t, options = {}) {
  const browser = await browse(t, [NAME]);
  const rate = await device_rate(browser);
  const server = await serve(t, { library: library(t, { rate, ...options }), args: ["--host", "nas.local"] });
  const tracks = await measured(server, 2);
  const page = await open(browser, `http://nas.local:${server.port}/`);
  assert.equal(await page.evaluate(() => window.isSecureContext || "audioWorklet" in AudioContext.prototype), false);
  await page.locator("[role=row][data-track]").nth(1).waitFor();
  return { server, page, rate, tracks };
}

async function play(page) {
  await page.locator("[role=row][data-track]").first().click();
  return heard(page, "it plays enhanced", (now) => now.enhanced && now.position_frames > 0);
}

/** Nothing that the page complains of, but for what browsers say of headers on such an origin. */
const complaints = (page) => page.complaints.filter((said) => !/Cross-Origin-Opener-Policy|untrustworthy/.test(said));

test("from another name it sounds as the native render, to the bit, over a border and after a seek, and says what is less", async (t) => {
  const { server, page, rate } = await listening(t);
  const { plan_id, track_id, mode, notice } = await play(page);
  assert.equal(mode, "worker");
  assert.match(notice ?? "", /https/);
  await page.getByText(/only over https or on localhost/).first().waitFor();
  const whole = await native(server, track_id, { plan: plan_id });
  const early = await tap(page, rate);
  compared(early, whole, { to_the_bit: true });

  const from = Math.round(8.9 * rate);
  await page.evaluate((frame) => window.auralis.seek(frame), from);
  const over = await tap(page, 2 * rate);
  assert.ok(over.frame >= from && over.frame < from + rate, `${over.frame} is not where it was sought`);
  compared(part(over, from + fade(rate), 10 * rate), whole, { within: RESIDUAL });
  compared(part(over, 10 * rate + Math.round(0.051 * rate), Infinity), whole, { to_the_bit: true });

  // By the server and back, and nothing is lost.
  const [both] = await Promise.all([
    tap(page, 9 * rate),
    page.waitForTimeout(500).then(async () => {
      await page.evaluate(() => window.auralis.setMade("chunks"));
      await heard(page, "the server's", (now) => now.mode === "chunks");
      await page.evaluate(() => window.auralis.setMade("auto"));
    }),
  ]);
  compared(part(both, 0, 20 * rate), whole, { within: RESIDUAL });
  assert.equal((await stats(page)).underruns, 0);
  assert.deepEqual(complaints(page), []);
});

test("from another name compare, taste, pause and what follows are as ever", async (t) => {
  const { server, page, rate, tracks } = await listening(t, { seconds: 14 });
  const { plan_id, track_id } = await play(page);
  const was = await native(server, track_id, { plan: plan_id });
  const original = await native(server, track_id, { enhanced: "false" });
  const departs = ({ frame, planes }, before) => frame + planes[0].findIndex((x, n) => !(Math.abs(x - before[0][frame + n]) <= RESIDUAL));
  const after = async (change) => {
    const [told, asked] = await Promise.all([
      tap(page, 1.2 * rate),
      page.waitForTimeout(300).then(async () => {
        const { position_frames } = await stats(page);
        await change();
        return position_frames;
      }),
    ]);
    return { told, asked };
  };

  const off = await after(() => page.getByRole("button", { name: "Off", exact: true }).click());
  const at = departs(off.told, was);
  t.diagnostic(`Off is heard after ${(1000 * (at - off.asked)) / rate} ms`);
  assert.ok(at - off.asked < 0.3 * rate);
  compared(part(off.told, at + Math.round(0.04 * rate), Infinity), original, { to_the_bit: true });
  await page.getByRole("switch", { name: "Enhanced" }).first().click();
  await page.waitForTimeout(200);

  await page.evaluate(() => window.auralis.seek(0));
  await heard(page, "it plays", (now) => now.position_frames > 0.5 * rate);
  await page.evaluate(() => window.auralis.seek(0));
  await heard(page, "it plays", (now) => now.position_frames > 0.5 * rate && now.position_frames < 2 * rate);
  const warm = await after(() => page.evaluate(() => window.auralis.setPreset("warm")));
  const late = (departs(warm.told, was) - warm.asked) / rate;
  t.diagnostic(`another preset is heard after ${(1000 * late).toFixed(0)} ms`);
  assert.ok(late > 0 && late < 0.4, `heard after ${late} s`);

  await page.evaluate(() => window.auralis.pause());
  const { position_frames: held } = await stats(page);
  await page.waitForTimeout(500);
  assert.equal((await stats(page)).position_frames, held);
  await page.getByRole("button", { name: "Play", exact: true }).first().click();
  await heard(page, "it goes on", (now) => now.position_frames > held + rate / 4);

  const { plan_id: now_id } = await stats(page);
  const first = await native(server, track_id, { plan: now_id });
  const second = await native(server, tracks[1].id, { preset: "warm" });
  const n_first = first[0].length;
  await page.evaluate((frame) => window.auralis.seek(frame), n_first - 3 * rate);
  await heard(page, "near the end", (now) => now.position_frames > n_first - 2 * rate);
  const over = await tap(page, 3 * rate);
  compared(part(over, 0, n_first), first, { to_the_bit: true });
  compared({ frame: 0, planes: over.planes.map((plane) => plane.subarray(n_first - over.frame)) }, second, { within: 0.5 });
  await heard(page, "the second is on the deck", (now) => now.track_id === tracks[1].id && now.position_frames > 10.2 * rate);
  compared(await tap(page, rate), second, { to_the_bit: true });
  assert.equal((await stats(page)).underruns, 0);
  assert.deepEqual(complaints(page), []);
});
