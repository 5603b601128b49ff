// The Worker of `browser.mjs`: fetches all, measures, tells. Its own time on a processor is told from outside.
import * as analyst from "/gen/analyst.js";
import * as engine from "/gen/engine.js";
import { speeds } from "./speed.mjs";

const bytes = async (name) => new Uint8Array(await (await fetch(`/material/${name}`)).arrayBuffer());
const floats = async (name) => new Float32Array((await bytes(name)).buffer);
const compiled = (name) => WebAssembly.compileStreaming(fetch(`/gen/${name}_bg.wasm`));

let told;
self.onmessage = ({ data }) => told(data);
const clock = () => new Promise((resolve) => ((told = resolve), postMessage({})));

try {
  const rows = await speeds({
    analyst: { ...analyst, module: await compiled("analyst") },
    engine: { ...engine, module: await compiled("engine") },
    plan: await floats("plan.f32"),
    planes: await floats("planes.f32"),
    wav: await bytes("floats.wav"),
    clock,
  });
  postMessage({ rows });
} catch (error) {
  postMessage({ failed: String(error?.message ?? error) });
}
