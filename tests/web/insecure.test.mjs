// Plain http from another name: no AudioWorklet there. The same page plays the native stream and says so.
import assert from "node:assert/strict";
import { test } from "node:test";
import { browse, heard, library, measured, open, serve } from "./house.mjs";

test("from another name the page plays the native stream and says so", async (t) => {
  const server = await serve(t, { library: library(t), args: ["--host", "nas.local"] });
  await measured(server, 2);
  const browser = await browse(t, ["--host-resolver-rules=MAP nas.local 127.0.0.1"]);
  const page = await open(browser, `http://nas.local:${server.port}/`);
  assert.equal(await page.evaluate(() => window.isSecureContext), false);

  await page.locator("[role=row][data-track]").first().click();
  const first = await heard(page, "the stream plays", (now) => now.mode === "stream" && now.position_frames > 0);
  await heard(page, "it goes on", (now) => now.position_frames > first.position_frames + 24_000);
  assert.match(first.notice ?? "", /native stream/i);
  await page.getByText(/native stream/i).first().waitFor();
});
