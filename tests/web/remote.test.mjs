// A browser without WebAssembly: the server makes the sound, and it comes over the socket; where there is none, by an
// element. What is heard is the native render, to the bit.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { test } from "node:test";
import { browse, compared, folder, heard, library, measured, native, open, program, serve, stats, tap, until } from "./house.mjs";
import { part } from "./listening.mjs";

/** A browser whose pages have no WebAssembly, and whose sockets may be kept from them. */
async function bare(t, has_socket = true) {
  const browser = await browse(t);
  const newContext = async (options) => {
    const context = await browser.newContext(options);
    await context.addInitScript("delete globalThis.WebAssembly");
    if (!has_socket) await context.routeWebSocket(/\/ws$/, (socket) => socket.close());
    return context;
  };
  return { newContext };
}

async function listening(t, { made, args, ...options } = {}) {
  const browser = await bare(t);
  // Not the device's rate: the page plays each track at its own.
  const rate = 32_000;
  const server = await (made ?? serve)(t, { library: library(t, { rate, ...options }), args });
  const tracks = await measured(server, 2);
  const page = await open(browser, server.url);
  assert.equal(await page.evaluate(() => typeof WebAssembly), "undefined");
  await page.locator("[role=row][data-track]").nth(1).waitFor();
  return { server, page, rate, tracks };
}

async function play(page) {
  await page.locator("[role=row][data-track]").first().click();
  return heard(page, "it plays enhanced", (now) => now.enhanced && now.position_frames > 0);
}

test("without WebAssembly it sounds as the native render, to the bit, over a border and after a seek, and says so", async (t) => {
  const { server, page, rate } = await listening(t);
  const { plan_id, track_id, mode, notice } = await play(page);
  assert.equal(mode, "stream");
  assert.match(notice ?? "", /no WebAssembly/);
  await page.getByText(/no WebAssembly/).first().waitFor();
  const whole = await native(server, track_id, { plan: plan_id });
  const early = await tap(page, rate);
  compared(part(early, early.frame + 0.01 * rate, Infinity), whole, { to_the_bit: true });
  await page.evaluate((frame) => window.auralis.seek(frame), Math.round(8.9 * rate));
  const over = await tap(page, 2 * rate);
  assert.ok(over.frame >= 8.9 * rate && over.frame < 10 * rate, `${over.frame} is not where it was sought`);
  compared(part(over, over.frame + 0.01 * rate, Infinity), whole, { to_the_bit: true });
  assert.equal((await stats(page)).underruns, 0);
  assert.deepEqual(page.complaints, []);
});

test("without WebAssembly compare, taste and pause keep the place, and the next track joins without a gap", async (t) => {
  const { server, page, rate, tracks } = await listening(t, { seconds: 12 });
  const { track_id, plan_id } = await play(page);
  const original = await native(server, track_id, { enhanced: "false" });
  await page.evaluate(() => window.auralis.setEnhanced(false));
  const { compare } = await (await fetch(`${server.url}/api/tracks/${track_id}/plan?plan=${plan_id}`)).json();
  await page.waitForTimeout(600);
  const gain = 10 ** (compare.original_db / 20);
  compared(await tap(page, 0.3 * rate), original.map((plane) => plane.map((x) => x * gain)), { within: 1e-6 });
  await page.evaluate(() => window.auralis.setEnhanced(true));
  await page.evaluate(() => window.auralis.setPreset("warm"));
  const now = await heard(page, "another plan", (now) => now.plan_id !== plan_id);
  await page.waitForTimeout(600);
  await page.evaluate(() => window.auralis.pause());
  const { position_frames } = await stats(page);
  await page.waitForTimeout(500);
  assert.ok((await stats(page)).position_frames - position_frames < 0.1 * rate, "it is held");
  await page.getByRole("button", { name: "Play", exact: true }).click();
  // Another comparison is over by now, or glides: only its shape is held to.
  const next = tracks.find((track) => track.id !== track_id);
  await heard(page, "near its end", (now) => now.position_frames > 11 * rate);
  const joined = await tap(page, 2.5 * rate);
  await heard(page, "the next track", (now) => now.track_id === next.id);
  const warm = await native(server, track_id, { plan: now.plan_id });
  const after = await native(server, next.id, { preset: "warm" });
  const both = warm.map((plane, channel) => Float32Array.from([...plane, ...after[channel]]));
  compared(part(joined, joined.frame + 0.02 * rate, Infinity), both, { within: 1e-3 });
  assert.equal((await stats(page)).underruns, 0);
});

/** A server that can be killed, and comes again at the same place with the same library. */
async function mortal(t, { library }) {
  const data = folder(t);
  const port = 20_000 + (process.pid % 20_000);
  let child;
  const start = () => {
    child = spawn(program, ["serve", "--listen", `127.0.0.1:${port}`, "--data", data, "--library", library], { stdio: "ignore" });
  };
  start();
  t.after(() => child.kill("SIGKILL"));
  const url = `http://127.0.0.1:${port}`;
  await until("it answers", () => fetch(`${url}/api/health`).then((answer) => answer.ok, () => false));
  const json = async (path) => (await fetch(url + path)).json();
  return { url, json, kill: () => child.kill("SIGKILL"), start };
}

test("a server that dies and comes back is gone on with where it was, by itself, and no frame is lost", async (t) => {
  const { server, page, rate } = await listening(t, { made: mortal, seconds: 40 });
  const { plan_id, track_id } = await play(page);
  const whole = await native(server, track_id, { plan: plan_id });
  await page.waitForTimeout(1000);
  const told = tap(page, 12 * rate);
  server.kill();
  await heard(page, "it says so", (now) => /goes on by itself/.test(now.notice ?? ""));
  server.start();
  const all = await told;
  compared(part(all, all.frame + 0.01 * rate, Infinity), whole, { to_the_bit: true });
  await heard(page, "all is well again", (now) => /no WebAssembly/.test(now.notice ?? ""));
  assert.equal((await stats(page)).underruns, 0);
});

test("where the socket is kept from it, an element plays, and says what is not to be had", async (t) => {
  const server = await serve(t, { library: library(t, { seconds: 6 }) });
  await measured(server, 2);
  const page = await open(await bare(t, false), server.url);
  const now = await play(page);
  assert.equal(now.mode, "stream");
  assert.match(now.notice ?? "", /no instant compare/);
});
