// How much of a core the worklet takes while the real page plays on the real server, in headless Chromium:
// its thread's time on a processor, with all messages, and what Chromium tells of the rendering in it.
// Argument: the folder of the material. Prints the runs of each row, in percent, as JSON.
import { copyFileSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { browse, folder, heard, measured, serve, stats } from "../web/house.mjs";
import { thread, visit } from "./visit.mjs";

const [material] = process.argv.slice(2);
/** A run lasts as long as a chunk: in half of it two chains run. */
const RUN_S = 10;
const N_RUNS = 3;
/** Before that the engine is compiled and its ring is filled. */
const WARM_S = 5;
/** The id of the plan that is put in place of the server's. */
const ALL_ON = "all-stages-on";

await visit(async (t) => {
  const library = join(folder(t), "music");
  mkdirSync(library);
  copyFileSync(join(material, "long.flac"), join(library, "long.flac"));
  const server = await serve(t, { library });
  await measured(server, 1);
  const browser = await browse(t);
  const adaptive = await played(browser, server);
  const all_on = await played(browser, server, JSON.parse(readFileSync(join(material, "stages.json"), "utf8")));
  return {
    idle_load: await idle(browser, server),
    load: all_on.loads,
    share: all_on.shares,
    adaptive_load: adaptive.loads,
    adaptive_share: adaptive.shares,
  };
});

/** Opens the page and plays: by the server's plan, or with other stages in it. */
async function played(browser, server, stages) {
  const page = await browser.newPage();
  page.complaints = [];
  if (stages) {
    await page.route(/\/plan\?/, async (route) => {
      const answer = await route.fetch();
      await route.fulfill({ response: answer, json: { ...(await answer.json()), id: ALL_ON, stages } });
    });
  }
  const meter = await render_meter(page);
  await page.goto(server.url);
  await page.locator("[data-track] .c-title").first().click();
  await heard(page, "it plays enhanced", (now) => now.enhanced && now.position_frames > 0);
  if (((await stats(page)).plan_id === ALL_ON) !== Boolean(stages)) throw new Error("another plan plays");
  await sleep(1000 * WARM_S);
  const told = await watched(browser, meter);
  const { underruns } = await stats(page);
  if (underruns > 0) throw new Error(`the sound ran dry ${underruns} times`);
  await page.context().close();
  return told;
}

/** What the browser takes for itself: by a worklet that gives silence, as often as the player's is asked. */
async function idle(browser, server) {
  const page = await browser.newPage();
  await page.goto(server.url);
  await page.evaluate(async () => {
    const context = (window.context = new AudioContext({ latencyHint: "playback" }));
    await context.audioWorklet.addModule("/player-worklet.js");
    const silent = new AudioWorkletNode(context, "auralis-recorder", { outputChannelCount: [2] });
    silent.connect(context.destination);
    await context.resume();
  });
  await sleep(1000 * WARM_S);
  const { loads } = await watched(browser, async () => 0);
  await page.context().close();
  return loads;
}

/** The thread of the worklet through all runs, and what `meter` tells each second. */
async function watched(browser, meter) {
  const worklet = await thread(browser, /^Realtime AudioW/);
  const [loads, shares] = [[], []];
  for (let run = 0; run < N_RUNS; run++) {
    const [begun, before] = [performance.now(), worklet()];
    let share = 0;
    for (let s = 1; s <= RUN_S; s++) {
      await sleep(begun + 1000 * s - performance.now());
      share += (await meter()) / RUN_S;
    }
    loads.push((100 * (worklet() - before)) / ((performance.now() - begun) / 1000));
    shares.push(100 * share);
  }
  return { loads, shares };
}

/** What Chromium itself says: the share of the time between two callbacks in which it renders. */
async function render_meter(page) {
  const cdp = await page.context().newCDPSession(page);
  const context = new Promise((made) => cdp.on("WebAudio.contextCreated", (event) => made(event.context)));
  await cdp.send("WebAudio.enable");
  return async () => {
    const { contextId } = await context;
    return (await cdp.send("WebAudio.getRealtimeData", { contextId })).realtimeData.renderCapacity;
  };
}
