// The engine as the worklet has it, under node: renders a track by 128 frames and prints the seconds
// that each run took. Arguments: the plan's floats, the planes.
import { readFileSync } from "node:fs";
import { Engine, initSync } from "../../web/gen/engine.js";

const floats = (path) => new Float32Array(new Uint8Array(readFileSync(path)).buffer);
const [plan, pcm] = process.argv.slice(2).map(floats);
const module = new WebAssembly.Module(readFileSync(new URL("../../web/gen/engine_bg.wasm", import.meta.url)));
const { memory } = initSync({ module });
const RATE = 44_100;
const n_frames = pcm.length / 2;

function run() {
  const engine = Engine.create(RATE, RATE);
  const view = (at, n) => new Float32Array(memory.buffer, at, n);
  const half = engine.inlet_frames();
  view(engine.plan(), plan.length).set(plan);
  if (!engine.start(0, true, n_frames, 0, 0)) throw new Error("the engine refuses the plan");
  let fed = 0;
  const begun = process.cpuUsage();
  for (let done = 0; done < n_frames; done += 128) {
    const room = Math.min(engine.room(), half, n_frames - fed);
    if (fed < n_frames && engine.room() > 1024) {
      const inlet = view(engine.inlet(), 2 * half);
      inlet.set(pcm.subarray(fed, fed + room), 0);
      inlet.set(pcm.subarray(n_frames + fed, n_frames + fed + room), half);
      fed += engine.feed(room);
      if (fed === n_frames) engine.end();
    }
    engine.process(128);
  }
  const { user, system } = process.cpuUsage(begun);
  if (engine.underruns() > 0) throw new Error(`the engine starved ${engine.underruns()} times`);
  engine.free();
  return (user + system) / 1e6;
}

// The first runs are compiled while they go.
run();
run();
console.log(Array.from({ length: 7 }, run).join(" "));
