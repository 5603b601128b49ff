// What browser tests share: the real server on a free port, Debian's Chromium, a library made to
// measure, and the native stream to compare with.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

export const root = join(dirname(fileURLToPath(import.meta.url)), "../..");
const target = process.env.CARGO_TARGET_DIR ?? join(root, "target");
/** Packages are those of the page: one lock file for both. */
export const packages = createRequire(join(root, "web/package.json"));
const { chromium } = packages("playwright-core");

/** The program under test. */
export const program = process.env.AURALIS_PROGRAM ?? join(target, "debug/auralis");

/** Time for what takes a moment on a busy machine: scanning, measuring, composing the demo album. */
const PATIENCE_MS = 120_000;

/** A folder of its own for one test, gone when the test is over. */
export function folder(t) {
  const path = mkdtempSync(join(tmpdir(), "auralis-web-"));
  t.after(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

/**
 * Starts `auralis serve` with its data in a folder of its own. With no library it plays the demo album.
 * The server ends with the test.
 */
export async function serve(t, { library, listen = "127.0.0.1:0", args = [] } = {}) {
  const data = folder(t);
  const own = ["serve", "--listen", listen, "--data", data];
  if (library) own.push("--library", library);
  const child = spawn(program, [...own, ...args], { stdio: ["ignore", "pipe", "pipe"] });
  const log = [];
  createInterface({ input: child.stderr }).on("line", (line) => log.push(line));
  t.after(async () => {
    const ended = new Promise((done) => child.once("exit", done));
    if (child.exitCode === null && child.kill("SIGTERM")) await ended;
  });
  const url = await new Promise((found, failed) => {
    child.once("error", failed);
    child.once("exit", (code) => failed(new Error(`the server ended with ${code}:\n${log.join("\n")}`)));
    createInterface({ input: child.stdout }).on("line", (line) => {
      const said = /http:\/\/\S+/.exec(line);
      // Where it listens everywhere, it is asked here.
      if (said) found(said[0].replace(/\/$/, "").replace("//0.0.0.0:", "//127.0.0.1:"));
    });
  });
  const json = async (path) => {
    const answer = await fetch(url + path);
    if (!answer.ok) throw new Error(`${path} answers ${answer.status}: ${await answer.text()}`);
    return answer.json();
  };
  return { url, port: Number(new URL(url).port), data, json, log };
}

/** Asks again until `look` gives something, and says what it waited for if it never does. */
export async function until(what, look, patience_ms = PATIENCE_MS) {
  const end = Date.now() + patience_ms;
  let last;
  do {
    last = await look();
    if (last) return last;
    await new Promise((again) => setTimeout(again, 50));
  } while (Date.now() < end);
  throw new Error(`waited in vain: ${what}`);
}

/** All tracks, once there are `n` and each is measured, and its promise checked, or failed. */
export function measured(server, n) {
  return until(`${n} measured tracks`, async () => {
    const { unchecked } = await server.json("/api/library/scan");
    const { items } = await server.json("/api/tracks?limit=500");
    const done = items.filter((track) => track.state === "measured" || track.state === "failed");
    return unchecked === 0 && done.length >= n && done.length === items.length ? items : null;
  });
}

/** Chromium without a window; it closes with the test. A switch may be added, as an insecure name. */
export async function browse(t, switches = []) {
  const browser = await chromium.launch({
    executablePath: ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].find(existsSync),
    // Muted, Chromium would not pace the sound by a device.
    ignoreDefaultArgs: ["--mute-audio"],
    args: [
      "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
      "--disable-component-update", "--disable-sync", ...switches,
    ],
  });
  t.after(() => browser.close());
  return browser;
}

/** Opens the page; whatever it complains about is in `page.complaints`. */
export async function open(browser, url, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options });
  const page = await context.newPage();
  page.complaints = [];
  page.on("pageerror", (error) => page.complaints.push(String(error)));
  page.on("console", (message) => {
    if (message.type() === "error") page.complaints.push(message.text());
  });
  await page.goto(url);
  await page.waitForFunction(() => window.auralis !== undefined);
  return page;
}

/** The page's own account of itself. */
export const stats = (page) => page.evaluate(() => window.auralis.stats());

/** The page's account, once it is as wanted. */
export async function heard(page, what, wanted, patience_ms = 30_000) {
  let last;
  try {
    return await until(what, async () => ((last = await stats(page)), wanted(last) ? last : null), patience_ms);
  } catch (error) {
    const complaints = page.complaints.join("\n");
    throw new Error(`${error.message}; the page says ${JSON.stringify(last)}\n${complaints}`, { cause: error });
  }
}

/** The next frames that the page renders. */
export async function tap(page, n_frames) {
  const got = await page.evaluate(async (n) => {
    const { frame, planes } = await window.auralis.tap(n);
    return { frame, planes: planes.map((plane) => Array.from(plane)) };
  }, n_frames);
  return { frame: got.frame, planes: got.planes.map((plane) => Float32Array.from(plane)) };
}

/** The same track rendered natively: all of it, as planes. `query` is a taste, or `{plan: id}`. */
export async function native(server, track_id, query = {}) {
  const words = new URLSearchParams({ ...query, format: "wavf32" });
  const answer = await fetch(`${server.url}/api/tracks/${track_id}/stream?${words}`);
  if (!answer.ok) throw new Error(`the native stream answers ${answer.status}: ${await answer.text()}`);
  return planes_of(await answer.arrayBuffer());
}

/** Reads a float WAV into planes. */
export function planes_of(bytes) {
  const view = new DataView(bytes);
  const name = (at) => String.fromCharCode(...new Uint8Array(bytes, at, 4));
  let n_channels = 0;
  for (let at = 12; at + 8 <= bytes.byteLength; ) {
    const length = view.getUint32(at + 4, true);
    if (name(at) === "fmt ") n_channels = view.getUint16(at + 10, true);
    if (name(at) === "data") {
      const n_frames = Math.floor(Math.min(length, bytes.byteLength - at - 8) / 4 / n_channels);
      const planes = Array.from({ length: n_channels }, () => new Float32Array(n_frames));
      for (let n = 0; n < n_frames; n++) {
        for (let c = 0; c < n_channels; c++) planes[c][n] = view.getFloat32(at + 8 + 4 * (n * n_channels + c), true);
      }
      return planes;
    }
    at += 8 + length + (length % 2);
  }
  throw new Error("no WAV with data");
}

/** The rate of the browser's audio device, in Hz. */
export async function device_rate(browser) {
  const page = await browser.newPage();
  const rate = await page.evaluate(() => new AudioContext().sampleRate);
  await page.close();
  return rate;
}

/** Holds a tap against the whole track: equal to the bit, or nowhere further off than `within`. */
export function compared({ frame, planes }, whole, { to_the_bit, within = 0 }) {
  planes.forEach((plane, channel) => {
    if (plane.length === 0) throw new Error("nothing to compare");
    const expected = whole[channel].subarray(frame, frame + plane.length);
    if (expected.length < plane.length) throw new Error(`the track ends at ${whole[channel].length}, before ${frame + plane.length}`);
    const off = (n) => (to_the_bit ? !Object.is(plane[n], expected[n]) : !(Math.abs(plane[n] - expected[n]) <= within));
    const at = plane.findIndex((_, n) => off(n));
    if (at < 0) return;
    const n_off = plane.reduce((sum, _, n) => sum + Number(off(n)), 0);
    const worst = plane.reduce((most, x, n) => Math.max(most, Math.abs(x - expected[n])), 0);
    throw new Error(
      `channel ${channel}: ${n_off} of ${plane.length} frames from ${frame} differ, first ${frame + at}: ` +
        `${plane[at]} instead of ${expected[at]}; at most by ${worst}`,
    );
  });
}

/** Root mean square of a plane. */
export const rms = (plane) => Math.sqrt(plane.reduce((sum, x) => sum + x * x, 0) / plane.length);

/**
 * A library of WAV files, `names` → character, each of `seconds` at `rate`, `times` over: a beat, a bass, a
 * chord and noise, repeatable to the bit; on an album if one is named.
 */
export function library(t, { names = ["Boomy", "Thin"], seconds = 24, rate = 48_000, times = 1, album } = {}) {
  const path = join(folder(t), "music");
  mkdirSync(path);
  names.forEach((name, i) => put_song(path, `0${i + 1} ${name}`, i + 1, album === undefined ? {} : { IPRD: album }, { seconds, rate, times }));
  return path;
}

/**
 * A library of short WAV files with tags, one for each of `songs`: `{title, artist, album, genre, year}`,
 * of which any may be left out.
 */
export function tagged(t, songs, { seconds = 2, rate = 16_000 } = {}) {
  const path = join(folder(t), "music");
  mkdirSync(path);
  songs.forEach(({ title, artist, album, genre, year }, i) => {
    const tags = { INAM: title, IART: artist, IPRD: album, IGNR: genre, ICRD: year, ITRK: String(i + 1) };
    put_song(path, String(i + 1).padStart(4, "0"), i + 1, tags, { seconds, rate, times: 1 });
  });
  return path;
}

function put_song(path, name, seed, tags, { seconds, rate, times }) {
  const samples = song(seed, seconds, rate);
  const info = wav_info(tags);
  const header = wav_header(times * samples.length, rate, info.length);
  writeFileSync(join(path, `${name}.wav`), Buffer.concat([header, ...Array(times).fill(samples), info]));
}

/** The list in which a WAV keeps its tags; none is no list. */
function wav_info(tags) {
  const chunks = Object.entries(tags).filter(([, text]) => text !== undefined).map(([name, text]) => {
    const bytes = Buffer.from(`${text}\0`);
    const head = Buffer.alloc(8);
    head.write(name);
    head.writeUInt32LE(bytes.length, 4);
    return Buffer.concat([head, bytes, Buffer.alloc(bytes.length % 2)]);
  });
  if (chunks.length === 0) return Buffer.alloc(0);
  const list = Buffer.concat([Buffer.from("INFO"), ...chunks]);
  const head = Buffer.alloc(8);
  head.write("LIST");
  head.writeUInt32LE(list.length, 4);
  return Buffer.concat([head, list]);
}

/** The header of a stereo WAV of 16 bits, with so many bytes behind the sound. */
function wav_header(n_bytes, rate, n_behind) {
  const bytes = Buffer.alloc(44);
  bytes.write("RIFF", 0);
  bytes.writeUInt32LE(36 + n_bytes + n_behind, 4);
  bytes.write("WAVEfmt ", 8);
  bytes.writeUInt32LE(16, 16);
  [1, 2].forEach((x, i) => bytes.writeUInt16LE(x, 20 + 2 * i));
  bytes.writeUInt32LE(rate, 24);
  bytes.writeUInt32LE(4 * rate, 28);
  bytes.writeUInt16LE(4, 32);
  bytes.writeUInt16LE(16, 34);
  bytes.write("data", 36);
  bytes.writeUInt32LE(n_bytes, 40);
  return bytes;
}

function song(seed, seconds, rate) {
  const n_frames = Math.round(seconds * rate);
  const bytes = Buffer.alloc(4 * n_frames);
  let state = seed;
  const noise = () => ((state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 31) - 1;
  const tone = (hz, s) => Math.sin(2 * Math.PI * hz * s);
  for (let n = 0; n < n_frames; n++) {
    const s = n / rate;
    const beat = s % 0.5;
    const kick = tone(60, beat) * Math.exp(-beat / 0.1);
    const bass = (seed === 1 ? 0.35 : 0.04) * (tone(55, s) + kick);
    const chord = 0.06 * (tone(220 * seed, s) + tone(277 * seed, s) + tone(330 * seed, s));
    for (let c = 0; c < 2; c++) {
      const x = bass + chord + 0.03 * noise() * Math.exp(-beat / 0.05) + 0.02 * tone(440 + 3 * c, s);
      bytes.writeInt16LE(Math.round(Math.max(-1, Math.min(1, x)) * 32767), 4 * n + 2 * c);
    }
  }
  return bytes;
}

/** Keeps a picture, and holds the page, opened with `bypassCSP`, to the rules; nothing may be wider than the screen. */
export async function looked_at(page, name) {
  await page.evaluate(() => Promise.all(document.getAnimations().map((one) => one.finished)));
  await picture(page, name);
  await page.evaluate(readFileSync(packages.resolve("axe-core/axe.min.js"), "utf8"));
  const { violations } = await page.evaluate(() => window.axe.run());
  const found = violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(" ")}`);
  assert.deepEqual(found, [], name);
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
  assert.ok(wide <= 0, `${name}: ${wide} px too wide`);
}

/** Sizes and colours in which a page is looked at. */
export const LOOKS = ["light", "dark"].flatMap((colorScheme) => [
  [`desk-${colorScheme}`, { colorScheme, viewport: { width: 1440, height: 900 }, bypassCSP: true }],
  [`pocket-${colorScheme}`, { colorScheme, viewport: { width: 390, height: 844 }, bypassCSP: true }],
]);

/** Keeps a picture of the page in `target/screens`. */
export async function picture(page, name) {
  const folder = join(target, "screens");
  mkdirSync(folder, { recursive: true });
  await page.screenshot({ path: join(folder, `${name}.png`) });
}
