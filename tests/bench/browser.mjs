// The core in WebAssembly in a Worker of headless Chromium. Argument: the folder of the material. Prints
// the runs of each row as JSON.
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { basename, dirname, extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { browse } from "../web/house.mjs";
import { thread, visit } from "./visit.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const FOLDERS = { "/bench": here, "/gen": join(here, "../../web/gen"), "/material": process.argv[2] };
const TYPES = { ".js": "text/javascript", ".mjs": "text/javascript", ".wasm": "application/wasm" };

await visit(async (t) => {
  const browser = await browse(t);
  const page = await browser.newPage();
  let clock = null;
  await page.exposeFunction("seconds", async () => (clock ??= await clock_of_worker(browser))());
  await page.goto(await files(t));
  return page.evaluate(() => new Promise((done, failed) => {
    const worker = new Worker("/bench/worker.mjs", { type: "module" });
    worker.onerror = ({ message }) => failed(new Error(message ?? "the Worker does not load"));
    worker.onmessage = async ({ data }) => {
      if (data.failed) failed(new Error(data.failed));
      else if (data.rows) done(data.rows);
      else worker.postMessage(await window.seconds());
    };
  }));
});

/** Processor time of the Worker, or what the wall shows. */
function clock_of_worker(browser) {
  return thread(browser, /DedicatedWorker/).catch(() => () => performance.now() / 1000);
}

/** Serves the folders on a free port, isolated: a page has a finer clock then. */
async function files(t) {
  const server = createServer(async (request, response) => {
    const path = new URL(request.url, "http://any").pathname;
    response.setHeader("cross-origin-opener-policy", "same-origin");
    response.setHeader("cross-origin-embedder-policy", "require-corp");
    response.setHeader("content-type", path === "/" ? "text/html" : (TYPES[extname(path)] ?? "application/octet-stream"));
    if (path === "/") return response.end("<!doctype html><title>bench</title>");
    try {
      response.end(await readFile(join(FOLDERS[dirname(path)], basename(path))));
    } catch {
      response.writeHead(404).end();
    }
  });
  await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
  t.after(() => server.close());
  return `http://127.0.0.1:${server.address().port}/`;
}
