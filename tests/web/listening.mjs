// What tests of the sound share: a page on tracks at the device's own rate, and what was tapped of it.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { browse, device_rate, heard, library, measured, open, serve, tap } from "./house.mjs";

/** −120 dBFS: what a seek's short pre-roll may leave until the next border. */
export const RESIDUAL = 1e-6;

/** A page on two tracks at the device's own rate, where nothing need be resampled; they may be parts of a file that a sheet cuts. */
export async function listening(t, options = {}, sheet = undefined, switches = []) {
  const browser = await browse(t, switches);
  const rate = await device_rate(browser);
  const music = library(t, { rate, ...options });
  if (sheet !== undefined) writeFileSync(join(music, "sheet.cue"), sheet);
  const server = await serve(t, { library: music });
  const tracks = await measured(server, 2);
  const page = await open(browser, server.url);
  await page.locator("[role=row][data-track]").nth(1).waitFor();
  return { server, page, rate, tracks };
}

/** The frames a seek fades in over. */
export const fade = (rate) => Math.ceil(0.006 * rate) + 1;

/** What `tap` gave, from one frame of the track to another. */
export function part({ frame, planes }, from, to) {
  const cut = (plane) => plane.subarray(Math.max(0, from - frame), Math.max(0, Math.min(plane.length, to - frame)));
  return { frame: Math.max(frame, from), planes: planes.map(cut) };
}

/** A tap that begins no earlier than `from`, in quanta of the worklet. */
export async function tap_from(page, from, n_frames) {
  await heard(page, `frame ${from}`, (now) => now.position_frames >= from - 4800 && now.position_frames < from + 4800 * 3);
  return tap(page, n_frames);
}
