// What the scripts that need a browser share: what they open is closed, whatever happens, and they end; and
// the clocks of a browser's threads.
import { readFileSync, readdirSync } from "node:fs";

const PATIENCE_MS = 240_000;

/** Does `work` with what a test has as its `t`, then ends what it opened, the last first; prints what it gave. */
export async function visit(work) {
  const ends = [];
  let bell;
  const late = new Promise((_, failed) => {
    bell = setTimeout(() => failed(new Error("it takes too long")), PATIENCE_MS);
  });
  try {
    const rows = await Promise.race([work({ after: (end) => ends.unshift(end) }), late]);
    console.log(JSON.stringify(rows));
  } catch (error) {
    // The bench shows one line; what follows the first tells of its own browsers.
    console.error(`Error: ${error.message.split("\n")[0]}`);
    process.exitCode = 1;
  } finally {
    clearTimeout(bell);
    for (const end of ends) await end();
  }
}

/**
 * The clock of one of the browser's threads: seconds that it was on a processor, as Linux counts them. A
 * thread's name is cut at 15 letters, as in "Realtime AudioWorklet thread".
 */
export async function thread(browser, name) {
  const { processInfo } = await (await browser.newBrowserCDPSession()).send("SystemInfo.getProcessInfo");
  // Processes and threads come and go meanwhile.
  const there = (look) => {
    try {
      return look();
    } catch {
      return [];
    }
  };
  for (const { id } of processInfo) {
    for (const task of there(() => readdirSync(`/proc/${id}/task`)).map((task) => `/proc/${id}/task/${task}`)) {
      if (!name.test(there(() => readFileSync(`${task}/comm`, "utf8")))) continue;
      return () => Number(readFileSync(`${task}/schedstat`, "utf8").split(" ")[0]) / 1e9;
    }
  }
  throw new Error(`the browser has no thread ${name}`);
}
