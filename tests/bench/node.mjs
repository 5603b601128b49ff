// The core in WebAssembly under Node, in processor time. Argument: the folder of the material. Prints the
// runs of each row as JSON.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as analyst from "../../web/gen/analyst.js";
import * as engine from "../../web/gen/engine.js";
import { speeds } from "./speed.mjs";

const [folder] = process.argv.slice(2);
const bytes = (name) => new Uint8Array(readFileSync(join(folder, name)));
const floats = (name) => new Float32Array(bytes(name).buffer);
const compiled = (name) => {
  const path = new URL(`../../web/gen/${name}_bg.wasm`, import.meta.url);
  return new WebAssembly.Module(readFileSync(path));
};
const clock = () => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
};
const rows = await speeds({
  analyst: { ...analyst, module: compiled("analyst") },
  engine: { ...engine, module: compiled("engine") },
  plan: floats("plan.f32"),
  planes: floats("planes.f32"),
  wav: bytes("floats.wav"),
  clock,
});
console.log(JSON.stringify(rows));
