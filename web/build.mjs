// Bundles the page into dist/: three entry points, because a Worker and a worklet each load one file
// of their own, and the files that are copied as they are. The wasm modules are put beside them by
// whoever builds the crate.
import { copyFile, mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const dist = join(here, "dist");

const common = {
  absWorkingDir: here,
  bundle: true,
  format: "esm",
  target: "es2022",
  minify: true,
  charset: "utf8",
  legalComments: "eof",
  logLevel: "warning",
  jsx: "automatic",
  jsxImportSource: "preact",
};

// AudioWorkletGlobalScope has neither of these, and wasm-bindgen's glue makes one at its top level:
// without them the module dies before the processor is registered, and says nothing.
const worklet_banner = `
globalThis.TextDecoder ??= class { decode() { return ""; } };
globalThis.TextEncoder ??= class { encode() { return new Uint8Array(0); } };
`;

/** Six seconds of 8-bit silence: media controls want a media element of at least five that plays. */
function silence() {
  const [rate, n] = [8000, 48000];
  const wav = Buffer.alloc(44 + n, 128);
  wav.write("RIFF\0\0\0\0WAVEfmt ", 0, "latin1");
  wav.writeUInt32LE(36 + n, 4);
  [[16, 4], [1, 2], [1, 2], [rate, 4], [rate, 4], [1, 2], [8, 2]].reduce((at, [x, size]) => wav.writeUIntLE(x, at, size), 16);
  wav.write("data", 36, "latin1");
  wav.writeUInt32LE(n, 40);
  return wav;
}

await mkdir(dist, { recursive: true });
await Promise.all([
  build({ ...common, entryPoints: ["main.ts"], outfile: join(dist, "main.js") }),
  build({ ...common, entryPoints: ["audio/analyst-worker.ts"], outfile: join(dist, "analyst-worker.js") }),
  build({
    ...common,
    entryPoints: ["audio/player-worklet.ts"],
    outfile: join(dist, "player-worklet.js"),
    banner: { js: worklet_banner },
  }),
  build({ ...common, entryPoints: ["style.css"], outfile: join(dist, "style.css") }),
  writeFile(join(dist, "silence.wav"), silence()),
  ...["index.html", "icon.svg"].map((name) => copyFile(join(here, name), join(dist, name))),
]);
