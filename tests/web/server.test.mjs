// What playing in the page asks of the server: files and rows, no sound (L7); and a track that is not measured yet.
import assert from "node:assert/strict";
import { test } from "node:test";
import { browse, device_rate, heard, library, measured, native, open, serve, stats, tap } from "./house.mjs";

test("three measured tracks played in the worklet cost the server no render and no measuring", async (t) => {
  const server = await serve(t, { library: library(t, { names: ["Boomy", "Thin", "Other"] }) });
  const tracks = await measured(server, 3);
  const counters = async () => {
    const text = await (await fetch(`${server.url}/metrics`)).text();
    return Object.fromEntries([...text.matchAll(/^auralis_(\w+)_total (\d+)$/gm)].map(([, name, n]) => [name, Number(n)]));
  };
  const before = await counters();
  const page = await open(await browse(t), server.url);
  for (const { id } of tracks) {
    await page.evaluate((id) => window.auralis.play(id), id);
    await heard(page, "it plays enhanced", (now) => now.track_id === id && now.enhanced && now.position_frames > 48_000);
  }
  const after = await counters();
  assert.deepEqual([after.renders, after.rendered_frames], [0, 0]);
  assert.equal(after.measured - before.measured, 0);
  assert.ok(after.file_bytes > before.file_bytes, "the files are what it served");
  // The counters do count.
  await native(server, tracks[0].id);
  assert.ok((await counters()).rendered_frames >= 24 * 48_000);
});

test("an unmeasured track plays at once as it is and fades to enhanced", async (t) => {
  const browser = await browse(t);
  const rate = await device_rate(browser);
  // Long enough that measuring takes a moment.
  const server = await serve(t, { library: library(t, { names: ["Long"], rate, times: 25 }) });
  const page = await open(browser, server.url);
  await page.locator("[role=row][data-track]").first().click();
  const first = await heard(page, "it plays", (now) => now.position_frames > 0);
  assert.equal(first.measuring, true, "it is heard before it is measured");
  assert.equal(first.enhanced, false);
  await page.getByText("Measuring, plays as it is").first().waitFor();

  const taps = [];
  for (let n_more = 3; n_more > 0; ) {
    taps.push(await tap(page, rate));
    if ((await stats(page)).enhanced) n_more--;
  }
  const id = first.track_id;
  const original = (await native(server, id, { enhanced: "false" }))[0];
  const enhanced = (await native(server, id, { plan: (await stats(page)).plan_id }))[0];
  // Where the two are far enough apart to tell, how much is heard of the enhanced one.
  const shares = taps.flatMap(({ frame, planes }) =>
    [...planes[0].keys()].map((n) => {
      const [o, e] = [original[frame + n], enhanced[frame + n]];
      return { at: frame + n, share: Math.abs(e - o) > 0.02 ? (planes[0][n] - o) / (e - o) : null };
    }).filter(({ share }) => share !== null),
  );
  assert.ok(Math.abs(shares[0].share) < 1e-3, "it began as it is");
  assert.ok(Math.abs(shares.at(-1).share - 1) < 1e-3, "it ends enhanced");
  // Between two recordings a moment is lost: the fade is known by its slope.
  const [from, to] = [shares.find(({ share }) => share > 0.1), shares.findLast(({ share }) => share < 0.9)];
  const whole = (to.at - from.at) / rate / (to.share - from.share);
  t.diagnostic(`measured after ${(from.at / rate).toFixed(1)} s, fades over ${whole.toFixed(2)} s`);
  assert.ok(Math.abs(whole - 2) < 0.1, `it fades over ${whole} s`);
  for (const { at, share } of shares) {
    const expected = Math.min(1, Math.max(0, from.share + (at - from.at) / rate / whole));
    assert.ok(Math.abs(share - expected) < 0.05, `frame ${at}: ${share} of it enhanced, not ${expected}`);
  }
  // The browser notes each answer "not measured yet"; nothing else may be amiss.
  assert.deepEqual(page.complaints.filter((said) => !said.includes("503")), []);
});
