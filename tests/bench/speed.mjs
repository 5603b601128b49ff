// The core in WebAssembly, timed: what Node and a Worker of a browser both run. Speeds are multiples of
// real time; the first runs are compiled while they go and not counted.
const RATE = 44_100;
const N_WARM = 2;
const N_RUNS = 7;
/** Frames from which the chain's own speed is told: it passes over them four times, and rides a minute. */
const N_CALIBRATED = 15 * RATE;

/**
 * All rows. `analyst` and `engine` are the packages, each with its compiled `module`; `plan` and `planes` are
 * floats, `wav` is a file in memory; `clock()` gives seconds, or a promise of them.
 */
export async function speeds({ analyst, engine, plan, planes, wav, clock }) {
  analyst.initSync({ module: analyst.module });
  const memory = engine.initSync({ module: engine.module }).memory;
  const seconds = planes.length / 2 / RATE;
  const head = new Float32Array(2 * N_CALIBRATED);
  head.set(planes.subarray(0, N_CALIBRATED), 0);
  head.set(planes.subarray(planes.length / 2, planes.length / 2 + N_CALIBRATED), N_CALIBRATED);
  const timed = async (work) => {
    const begun = await clock();
    await work();
    return seconds / ((await clock()) - begun);
  };
  return {
    fingerprint: await runs(() => timed(() => analyst.measure_bytes(wav, "wav"))),
    // The median of many short slices: it minds a busy machine little.
    chain: await runs(() => analyst.calibrate(head, RATE, plan, () => performance.now())),
    engine: await runs(() => timed(() => render(engine.Engine, memory, plan, planes))),
  };
}

async function runs(run) {
  const all = [];
  while (all.length < N_WARM + N_RUNS) all.push(await run());
  return all.slice(N_WARM);
}

/** Plays the whole track as the worklet does, by 128 frames. */
function render(Engine, memory, plan, planes) {
  const n_frames = planes.length / 2;
  const engine = Engine.create(RATE, RATE);
  const view = (at, n) => new Float32Array(memory.buffer, at, n);
  const half = engine.inlet_frames();
  view(engine.plan(), plan.length).set(plan);
  if (!engine.start(0, true, n_frames, 0, 0)) throw new Error("the engine refuses the plan");
  let fed = 0;
  for (let done = 0; done < n_frames; done += 128) {
    if (fed < n_frames && engine.room() > 1024) {
      const n = Math.min(engine.room(), half, n_frames - fed);
      const inlet = view(engine.inlet(), 2 * half);
      inlet.set(planes.subarray(fed, fed + n), 0);
      inlet.set(planes.subarray(n_frames + fed, n_frames + fed + n), half);
      fed += engine.feed(n);
      if (fed === n_frames) engine.end();
    }
    engine.process(128);
  }
  const underruns = engine.underruns();
  engine.free();
  if (underruns > 0) throw new Error(`the engine starved ${underruns} times`);
}
