// Where the page's sound is made: by the chains in the worklet, by those in the Worker, or by the server; it is
// the same sound, to the frame, and to the bit wherever nothing was cut short.
import assert from "node:assert/strict";
import { test } from "node:test";
import { compared, heard, native, stats, tap } from "./house.mjs";
import { fade, listening, part, RESIDUAL, tap_from } from "./listening.mjs";

/** Lets the sound be made elsewhere, and waits until what is heard is. */
async function go(page, way) {
  await page.evaluate((way) => window.auralis.setMade(way), way);
  return heard(page, `it comes from the ${way}`, (now) => now.mode === way);
}

async function play(page, way, row = 0) {
  if (way) await page.evaluate((way) => window.auralis.setMade(way), way);
  await page.locator("[role=row][data-track]").nth(row).click();
  return heard(page, "it plays enhanced", (now) => now.enhanced && now.position_frames > 0);
}

for (const way of ["worker", "chunks"]) {
  test(`what the ${way} makes is the native render, to the bit, over a border and after a seek`, async (t) => {
    const { server, page, rate } = await listening(t);
    await play(page);
    const { plan_id, track_id } = await go(page, way);
    const whole = await native(server, track_id, { plan: plan_id });
    await page.evaluate(() => window.auralis.seek(0));
    const early = await tap(page, rate);
    assert.ok(early.frame < rate, `${early.frame} is no beginning`);
    compared(part(early, fade(rate), Infinity), whole, { to_the_bit: true });
    const from = Math.round(8.9 * rate);
    const [over] = await Promise.all([tap_from(page, from, 2 * rate), page.evaluate((frame) => window.auralis.seek(frame), from)]);
    const border = 10 * rate;
    compared(part(over, from + fade(rate), border), whole, way === "chunks" ? { to_the_bit: true } : { within: RESIDUAL });
    compared(part(over, border + Math.round(0.051 * rate), Infinity), whole, { to_the_bit: true });
    const now = await stats(page);
    assert.deepEqual([now.mode, now.underruns], [way, 0]);
    assert.deepEqual(page.complaints, []);
  });
}

test("from the worklet to the server to the Worker in one track, no frame is lost", async (t) => {
  const { server, page, rate } = await listening(t);
  const { plan_id, track_id } = await play(page);
  const whole = await native(server, track_id, { plan: plan_id });
  const [all] = await Promise.all([
    tap(page, 12 * rate),
    (async () => {
      await page.waitForTimeout(1500);
      await go(page, "chunks");
      await page.waitForTimeout(1500);
      await go(page, "worker");
      await page.waitForTimeout(2500);
      await go(page, "worklet");
      await page.waitForTimeout(1000);
    })(),
  ]);
  // The Worker's chains, and the worklet's once more, begin in the middle of a chunk: to the bit behind its end.
  const border = 10 * rate;
  compared(part(all, 0, border), whole, { within: RESIDUAL });
  compared(part(all, border + Math.round(0.051 * rate), Infinity), whole, { to_the_bit: true });
  assert.equal((await stats(page)).underruns, 0);
  assert.deepEqual(page.complaints, []);
});

/** Where a recording is no longer what was heard before. */
const departs = ({ frame, planes }, before) => frame + planes[0].findIndex((x, n) => !(Math.abs(x - before[0][frame + n]) <= RESIDUAL));

for (const way of ["worker", "chunks"]) {
  test(`another taste is heard from the ${way} within 400 ms, without a click, and is the server's from the next border on`, async (t) => {
    const { server, page, rate } = await listening(t);
    const { plan_id, track_id } = await play(page);
    await go(page, way);
    const before = await native(server, track_id, { plan: plan_id });
    // Where the chunk's end is far, and where what comes behind it has begun to be heard.
    for (const [name, change, from] of [["warm", () => window.auralis.setPreset("warm"), 1], ["0.2", () => window.auralis.setIntensity(0.2), 7]]) {
      const was = await native(server, track_id, { plan: (await stats(page)).plan_id });
      await page.evaluate((frame) => window.auralis.seek(frame), from * rate);
      await heard(page, "it plays there", (now) => now.position_frames > (from + 0.3) * rate && now.mode === way);
      const [told, asked] = await Promise.all([
        tap(page, 1.2 * rate),
        page.waitForTimeout(300).then(() => page.evaluate(async (change) => {
          const { position_frames } = window.auralis.stats();
          await eval(`(${change})()`);
          return position_frames;
        }, String(change))),
      ]);
      const late = (departs(told, was) - asked) / rate;
      t.diagnostic(`${name} is heard after ${(1000 * late).toFixed(0)} ms`);
      assert.ok(late > 0 && late < 0.4, `heard after ${late} s`);
      const steps = (plane, at, n) => Math.max(...Array.from({ length: n - 1 }, (_, i) => Math.abs(plane[at + i + 1] - plane[at + i])));
      assert.ok(steps(told.planes[0], 0, told.planes[0].length) < 1.5 * steps(before[0], told.frame, told.planes[0].length), `${name}: a click`);
    }
    const now = await stats(page);
    assert.notEqual(now.plan_id, plan_id);
    const after = await native(server, track_id, { plan: now.plan_id });
    compared(await tap_from(page, Math.round(10.1 * rate), rate), after, { to_the_bit: true });
    assert.equal((await stats(page)).underruns, 0);
    assert.deepEqual(page.complaints, []);
  });

  test(`a track that follows joins without a gap from the ${way}, and compare is at once`, async (t) => {
    const { server, page, rate, tracks } = await listening(t, { seconds: 14 });
    await play(page);
    await go(page, way);
    const [first, second] = await Promise.all(tracks.map(({ id }) => native(server, id)));
    const n_first = first[0].length;
    await page.evaluate((frame) => window.auralis.seek(frame), n_first - 4 * rate);
    const over = await tap_from(page, n_first - 2 * rate, 4 * rate);
    compared(part(over, n_first - 2 * rate, n_first), first, { to_the_bit: true });
    // Behind the join the second is what it is alone, but for what its chain heard of the first.
    const heard_of_second = { frame: 0, planes: over.planes.map((plane) => plane.subarray(n_first - over.frame)) };
    compared(part(heard_of_second, 0, Infinity), second, way === "chunks" ? { within: 1e-6 } : { within: 0.5 });
    const now = await heard(page, "the second is on the deck", (now) => now.track_id === tracks[1].id);
    assert.deepEqual([now.underruns, now.mode], [0, way]);
    compared(await tap_from(page, Math.round(10.1 * rate), rate), second, { to_the_bit: true });

    // Off is the decoder's bits, as soon as it is asked for.
    const original = await native(server, tracks[1].id, { enhanced: "false" });
    const [told, asked] = await Promise.all([
      tap(page, rate),
      page.waitForTimeout(300).then(async () => {
        const { position_frames } = await stats(page);
        await page.getByRole("button", { name: "Off", exact: true }).click();
        return position_frames;
      }),
    ]);
    const at = departs(told, second);
    assert.ok(at - asked < 0.4 * rate, `Off is heard ${at - asked} frames later`);
    compared(part(told, at + Math.round(0.04 * rate), Infinity), original, { to_the_bit: true });
    assert.deepEqual(page.complaints, []);
  });
}

test("where the sound is made is chosen by what the device can, told with its reason, and can be pinned", async (t) => {
  const { page } = await listening(t, { seconds: 40 });
  await play(page);
  const first = await stats(page);
  assert.equal(first.mode, "worklet");
  assert.match(first.reason, /^This device enhances \d+ times as fast as it plays\.$/);
  assert.ok(first.load.realtime >= 8 && first.notice === null);
  const choice = page.getByLabel("Where sound is made").first();
  await page.getByText("Now in the page. This device").first().waitFor();

  await choice.selectOption("By the server");
  await heard(page, "the server's", (now) => now.mode === "chunks" && now.reason === "You chose this." && now.notice === null);
  await page.getByText("Now by the server. You chose this.").first().waitFor();
  await page.reload();
  await page.locator("[role=row][data-track]").nth(1).waitFor();
  await play(page);
  assert.equal((await stats(page)).mode, "chunks", "it is remembered");
  await choice.selectOption("In the page, ahead of time");
  await heard(page, "the Worker's", (now) => now.mode === "worker");
  await choice.selectOption("Automatic (recommended)");
  await heard(page, "the worklet's", (now) => now.mode === "worklet");
  assert.equal((await stats(page)).underruns, 0);
  assert.deepEqual(page.complaints, []);
});

test("where the sound runs dry twice it steps down by itself, says so, and up again with another track", async (t) => {
  const { page, rate } = await listening(t, { seconds: 60 });
  await play(page);
  // The Worker stands still for longer than what it fed lasts: the sound runs dry.
  const [worker] = page.workers();
  const starve = async (ms) => {
    const { underruns } = await stats(page);
    await Promise.all([
      worker.evaluate((ms) => { for (const end = Date.now() + ms; Date.now() < end; ); }, ms),
      heard(page, "it runs dry", (now) => now.underruns > underruns, ms + 5000),
    ]);
  };
  // What was heard is kept for seconds: then no more than six lie ahead.
  await heard(page, "what is kept is full", (now) => now.position_frames > 6 * rate);
  await starve(7000);
  assert.equal((await stats(page)).mode, "worklet", "once may happen");
  await starve(7000);
  const low = await heard(page, "it steps down", (now) => now.mode === "worker");
  assert.match(low.notice, /ahead of time.*ran dry/);
  await page.getByText(/ran dry/).first().waitFor();
  // The next track has no gap, and the one behind it is made the best way again.
  const rows = page.locator("[role=row][data-track]");
  await rows.nth(1).click();
  await heard(page, "the second plays", (now) => now.position_frames > 0 && now.mode === "worker");
  await page.waitForTimeout(500);
  await rows.nth(0).click();
  const high = await heard(page, "it steps up", (now) => now.position_frames > 0 && now.mode === "worklet");
  assert.equal(high.notice, null);
});
