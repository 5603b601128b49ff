// What comes out of the browser, frame for frame: the recorder behind the worklet against the native stream.
import assert from "node:assert/strict";
import { test } from "node:test";
import { compared, heard, native, rms, stats, tap } from "./house.mjs";
import { fade, listening, part, RESIDUAL, tap_from } from "./listening.mjs";

test("a clicked track sounds as the native render, to the bit, over a border and after seeks", async (t) => {
  const { server, page, rate } = await listening(t);
  const row = page.locator("[role=row][data-track]").first();
  await row.click();
  const { plan_id, track_id } = await heard(page, "it plays enhanced", (now) => now.enhanced && now.position_frames > 0);
  assert.equal((await server.json(`/api/tracks/${track_id}/plan`)).id, plan_id, "page and server plan alike");
  const whole = await native(server, track_id, { plan: plan_id });
  const original = await native(server, track_id, { enhanced: "false" });

  const early = await tap(page, rate);
  compared(early, whole, { to_the_bit: true });
  assert.notDeepEqual(early.planes[0], original[0].subarray(early.frame, early.frame + rate), "the plan is heard");

  // 1.1 s before the border at 10 s: near −120 dBFS up to it, to the bit behind the join.
  const from = Math.round(8.9 * rate);
  const [over] = await Promise.all([tap_from(page, from, 2 * rate), page.evaluate((frame) => window.auralis.seek(frame), from)]);
  const border = 10 * rate;
  compared(part(over, from + fade(rate), border), whole, { within: RESIDUAL });
  compared(part(over, border + Math.round(0.051 * rate), Infinity), whole, { to_the_bit: true });

  // Back to the beginning: nothing is left of what was before.
  await page.evaluate(() => window.auralis.seek(0));
  const again = await tap(page, rate);
  assert.ok(again.frame < rate, `${again.frame} is no beginning`);
  compared(part(again, fade(rate), Infinity), whole, { to_the_bit: true });
  assert.equal((await stats(page)).underruns, 0);
  assert.deepEqual(page.complaints, []);
});

/** The first of two tracks is played, and what comes where the second follows is what both are one after the other. */
async function joined({ server, page, rate, tracks }) {
  await page.locator("[role=row][data-track]").first().click();
  await heard(page, "it plays", (now) => now.enhanced && now.position_frames > 0);
  // Off is the decoder's bits: the join must be the one sequence of both.
  await page.getByRole("button", { name: "Off", exact: true }).click();
  await heard(page, "off", (now) => now.compare === "off");
  const sequence = [];
  for (const { id } of tracks) sequence.push((await native(server, id, { enhanced: "false" }))[0]);
  const n_first = sequence[0].length;
  await page.evaluate((frame) => window.auralis.seek(frame), n_first - 3 * rate);
  const over = await tap_from(page, n_first - 2 * rate, 4 * rate);
  const expected = new Float32Array(4 * rate);
  expected.set(sequence[0].subarray(over.frame));
  expected.set(sequence[1].subarray(0, over.frame + 4 * rate - n_first), n_first - over.frame);
  assert.deepEqual(over.planes[0], expected);
  const now = await heard(page, "the second is on the deck", (now) => now.track_id === tracks[1].id);
  assert.equal(now.underruns, 0);
}

test("a track that follows joins without a gap, to the frame", async (t) => {
  const { server, page, rate, tracks } = await listening(t, { seconds: 14 });
  await joined({ server, page, rate, tracks });

  // Enhanced again, the second plays as it does alone, but for what its chain heard of the first.
  await page.getByRole("switch", { name: "Enhanced" }).first().click();
  await heard(page, "enhanced", (now) => now.enhanced);
  const second = await native(server, tracks[1].id);
  compared(await tap_from(page, 11 * rate, rate), second, { to_the_bit: true });
  assert.deepEqual(page.complaints, []);
});

test("the tracks that a cue sheet cuts a file into play as the file does", async (t) => {
  const sheet = ["TITLE Whole", 'FILE "01 Boomy.wav" WAVE', "TRACK 01 AUDIO", "TITLE Begun", "INDEX 01 00:00:00", "TRACK 02 AUDIO", "TITLE Ended", "INDEX 01 00:14:00"];
  const { server, page, rate, tracks } = await listening(t, { names: ["Boomy"], seconds: 28 }, sheet.join("\n"));
  assert.deepEqual(tracks.map(({ title, album }) => [title, album]), [["Begun", "Whole"], ["Ended", "Whole"]]);
  await joined({ server, page, rate, tracks });
  await page.getByText("Ended").first().waitFor();
  assert.deepEqual(page.complaints, []);
});

test("the switch moves between both at matched levels, without a click", async (t) => {
  const { server, page, rate } = await listening(t);
  await page.locator("[role=row][data-track]").first().click();
  const { plan_id, track_id } = await heard(page, "it plays", (now) => now.enhanced && now.position_frames > 0);
  const { compare } = await server.json(`/api/tracks/${track_id}/plan`);
  const enhanced = (await native(server, track_id, { plan: plan_id }))[0];
  const original = (await native(server, track_id, { enhanced: "false" }))[0];
  const gain = (db) => 10 ** (db / 20);

  const [{ frame, planes }] = await Promise.all([
    tap(page, 2 * rate),
    page.waitForTimeout(700).then(() => page.getByRole("switch", { name: "Enhanced" }).first().click()),
  ]);
  const after = original.map((x) => x * gain(compare.original_db));
  const { first, last } = passage(planes[0], frame, enhanced, after);
  t.diagnostic(`the switch takes ${(1000 * (last - first)) / rate} ms`);
  assert.ok(last - first > 0.005 * rate && last - first < 0.05 * rate, `from frame ${first} to ${last}`);
  // Without a click: between the two, nothing lies outside them.
  for (let n = first; n < last; n++) {
    const x = planes[0][n];
    const [a, b] = [enhanced[frame + n], after[frame + n]];
    assert.ok(x >= Math.min(a, b) - 1e-6 && x <= Math.max(a, b) + 1e-6, `frame ${frame + n}: ${x} of ${a} and ${b}`);
  }

  // Off is the decoder's bits.
  await page.getByRole("button", { name: "Off", exact: true }).click();
  await heard(page, "off", (now) => now.compare === "off");
  await page.waitForTimeout(100);
  const off = await tap(page, rate / 2);
  assert.deepEqual(off.planes[0], original.subarray(off.frame, off.frame + rate / 2));

  // After a comparison enhanced comes back to its own level by itself.
  await page.getByRole("switch", { name: "Enhanced" }).first().click();
  await heard(page, "its own level", (now) => now.enhanced);
  await page.waitForTimeout(100);
  compared(await tap(page, rate / 4), await native(server, track_id, { plan: plan_id }), { to_the_bit: true });
});

test("another preset and intensity are heard at once, without a click", async (t) => {
  const { server, page, rate } = await listening(t);
  await page.locator("[role=row][data-track]").first().click();
  const { plan_id, track_id } = await heard(page, "it plays", (now) => now.enhanced && now.position_frames > 0);
  const before = (await native(server, track_id))[0];
  for (const [name, change] of [["preset", () => window.auralis.setPreset("warm")], ["intensity", () => window.auralis.setIntensity(0.2)]]) {
    const told = await Promise.all([tap(page, rate), page.waitForTimeout(300).then(() => page.evaluate(async (change) => {
      const start = performance.now();
      await eval(`(${change})()`);
      return performance.now() - start;
    }, String(change)))]);
    const [{ frame, planes }, ms] = told;
    t.diagnostic(`another ${name} is heard after ${ms.toFixed(1)} ms`);
    // No step larger than those the music itself has.
    const steps = (plane, from, n) => Array.from({ length: n - 1 }, (_, i) => Math.abs(plane[from + i + 1] - plane[from + i]));
    const most = Math.max(...steps(before, frame, rate));
    assert.ok(Math.max(...steps(planes[0], 0, rate)) < 1.5 * most, `${name}: a click`);
    assert.notDeepEqual(planes[0].slice(-1000), before.slice(frame + rate - 1000, frame + rate), name);
  }
  // From the next border on it is what the server renders for that plan.
  const now = await stats(page);
  assert.notEqual(now.plan_id, plan_id);
  const after = await native(server, track_id, { plan: now.plan_id });
  compared(await tap_from(page, Math.round(10.1 * rate), rate), after, { to_the_bit: true });
});

test("the volume is heard, at full to the bit, and outlasts a reload", async (t) => {
  const { server, page, rate } = await listening(t);
  const play = async () => {
    await page.locator("[role=row][data-track]").first().click();
    return heard(page, "it plays", (now) => now.enhanced && now.position_frames > 0);
  };
  const { plan_id, track_id } = await play();
  const whole = await native(server, track_id, { plan: plan_id });
  const at = (x) => whole.map((plane) => plane.map((sample) => sample * Math.fround(x)));
  // A glide takes 20 ms.
  const turned = async (how) => {
    await how;
    await page.waitForTimeout(100);
    return tap(page, rate / 4);
  };
  const slider = page.getByRole("slider", { name: "Volume" });
  compared(await turned(slider.fill("0.3")), at(0.3), { to_the_bit: true });
  const muted = await turned(page.getByRole("button", { name: "Mute", exact: true }).click());
  assert.equal(rms(muted.planes[0]), 0);
  compared(await turned(page.getByRole("button", { name: "Unmute" }).click()), at(0.3), { to_the_bit: true });
  compared(await turned(slider.fill("1")), whole, { to_the_bit: true });

  compared(await turned(slider.fill("0.3")), at(0.3), { to_the_bit: true });
  await page.reload();
  await page.locator("[role=row][data-track]").nth(1).waitFor();
  await play();
  compared(await tap(page, rate / 4), at(0.3), { to_the_bit: true });
});

/** Where a recording leaves `before`, and from where on it is `after`, to −100 dBFS. */
function passage(plane, frame, before, after) {
  const near = (x, y) => Math.abs(x - y) < 1e-5;
  let first = 0;
  while (first < plane.length && near(plane[first], before[frame + first])) first++;
  let last = plane.length;
  while (last > 0 && near(plane[last - 1], after[frame + last - 1])) last--;
  assert.ok(first > 0 && first < plane.length && last < plane.length && last > first, `no passage: ${first} … ${last}`);
  return { first, last };
}
