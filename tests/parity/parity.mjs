// What the wasm core makes of the files in a folder, on standard output: the
// same things that `expected.json` there says the native core makes of them.
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath, pathToFileURL } from "node:url"

const folder = process.argv[2]
const gen = fileURLToPath(new URL("../../web/gen/", import.meta.url))
const load = async (name) => {
  const glue = await import(pathToFileURL(join(gen, `${name}.js`)))
  const exports = glue.initSync({ module: new WebAssembly.Module(readFileSync(join(gen, `${name}_bg.wasm`))) })
  return { ...glue, memory: exports.memory }
}
const analyst = await load("analyst")
const engine = await load("engine")

/** FNV-1a over the bits of all samples, plane by plane, little-endian. */
function hash(planes) {
  let h = 0xcbf29ce484222325n
  const mask = 0xffffffffffffffffn
  // Two 32-bit halves would be faster; a test has the time.
  for (const plane of planes) {
    const bytes = new Uint8Array(plane.buffer, plane.byteOffset, plane.byteLength)
    for (const byte of bytes) h = ((h ^ BigInt(byte)) * 0x100000001b3n) & mask
  }
  return h.toString(16).padStart(16, "0")
}

/** The whole track through the engine, as the worklet would play it. */
function play(bytes, plan, nFrames) {
  const track = analyst.Track.from_bytes(bytes, "flac")
  const machine = engine.Engine.create(track.rate, track.rate)
  const at = (pointer, length) => new Float32Array(engine.memory.buffer, pointer, length)
  at(machine.plan(), machine.plan_floats()).set(analyst.plan_numbers(plan))
  if (!machine.start(1, true, nFrames, 0, 0)) throw new Error("the plan is bad")
  const inlet = machine.inlet_frames()
  const chunk = new Float32Array(2 * 4096)
  const out = [new Float32Array(nFrames), new Float32Array(nFrames)]
  let done = 0
  let all_fed = false
  while (done < nFrames) {
    while (!all_fed && machine.room() >= 4096) {
      const n = track.read(chunk)
      at(machine.inlet(), n).set(chunk.subarray(0, n))
      at(machine.inlet() + 4 * inlet, n).set(chunk.subarray(4096, 4096 + n))
      machine.feed(n)
      if (n < 4096) {
        machine.end()
        all_fed = true
      }
    }
    const n = machine.process(128)
    if (n === 0) throw new Error(`nothing came out at ${done} of ${nFrames}`)
    for (const channel of [0, 1]) out[channel].set(at(machine.output(channel), n), done)
    done += n
  }
  return out
}

const results = []
for (const { file, n_frames, taste } of JSON.parse(readFileSync(join(folder, "expected.json")))) {
  const bytes = new Uint8Array(readFileSync(join(folder, file)))
  const fingerprint = await analyst.measure_bytes(bytes, "flac")
  const plan = analyst.plan(fingerprint, taste)
  const sound = analyst.render_bytes(bytes, "flac", plan, n_frames)
  results.push({
    fingerprint,
    plan,
    render: hash([sound.subarray(0, n_frames), sound.subarray(n_frames)]),
    engine: hash(play(bytes, plan, n_frames)),
    again: analyst.same_fingerprint(fingerprint),
  })
}
console.log(JSON.stringify(results))
