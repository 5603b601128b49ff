// Https from another name, by the server's own certificate: there the page enhances by itself.
import assert from "node:assert/strict";
import { createHash, X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { browse, compared, heard, library, looked_at, LOOKS, measured, native, open, serve, tap } from "./house.mjs";

const MAPPED = "--host-resolver-rules=MAP nas.local 127.0.0.1";

const served = (t) => serve(t, { library: library(t), listen: "0.0.0.0:0", args: ["--host", "nas.local"] });

/** Has the browser trust the key of the server's certificate, and no other. */
function pinned(server) {
  const { publicKey } = new X509Certificate(readFileSync(join(server.data, "tls.pem")));
  const pin = createHash("sha256").update(publicKey.export({ type: "spki", format: "der" })).digest("base64");
  return `--ignore-certificate-errors-spki-list=${pin}`;
}

test("from another name over https the worklet plays, to the bit, and the socket tells", async (t) => {
  const server = await served(t);
  const [track] = await measured(server, 2);
  const browser = await browse(t, [MAPPED, pinned(server)]);
  const page = await open(browser, `https://nas.local:${server.port}/`);
  assert.ok(await page.evaluate(() => window.isSecureContext && window.crossOriginIsolated));
  await page.locator(`[role=row][data-track="${track.id}"]`).click();
  const playing = await heard(page, "the worklet plays, enhanced", (now) => now.mode === "worklet" && now.enhanced && now.position_frames > 48_000);
  assert.equal(playing.notice, null);
  assert.equal(await page.locator("a", { hasText: /open over https/i }).count(), 0);
  await heard(page, "the chunk after the first", (now) => now.position_frames > 11 * track.sample_rate);
  compared(await tap(page, 4096), await native(server, track.id, { plan: playing.plan_id }), { to_the_bit: track.sample_rate === playing.device_rate, within: 1 });
  // What happens is told over wss: what another client likes shows without being asked for.
  await page.evaluate(() => (location.hash = "#/favourites"));
  await page.getByText("No favourites yet").waitFor();
  const given = await fetch(`${server.url}/api/favorites/${track.id}`, { method: "PUT" });
  assert.ok(given.ok);
  await page.locator(`[role=row][data-track="${track.id}"]`).waitFor();
  assert.deepEqual(page.complaints, []);
});

test("a browser that does not know the certificate warns; who goes on has the worklet", async (t) => {
  const server = await served(t);
  await measured(server, 2);
  const browser = await browse(t, [MAPPED]);
  const url = `https://nas.local:${server.port}/`;
  const wary = await browser.newPage();
  await assert.rejects(wary.goto(url), /ERR_CERT_AUTHORITY_INVALID/);
  const page = await open(browser, url, { ignoreHTTPSErrors: true });
  assert.ok(await page.evaluate(() => window.isSecureContext && typeof AudioWorkletNode === "function"));
  await page.locator("[role=row][data-track]").first().click();
  await heard(page, "the worklet plays", (now) => now.mode === "worklet" && now.position_frames > 0);
});

test("a page over plain http leads to the same place over https", async (t) => {
  const server = await served(t);
  await measured(server, 2);
  const browser = await browse(t, [MAPPED, pinned(server)]);
  for (const [name, look] of LOOKS) {
    const page = await open(browser, `http://nas.local:${server.port}/#/tracks`, look);
    const way = page.getByRole("link", { name: "Open over https" });
    await way.waitFor();
    await looked_at(page, `https-${name}`);
    await page.evaluate(() => (location.hash = "#/artists"));
    await page.waitForFunction(() => document.querySelector(".banner-key").href.endsWith("#/artists"));
    await way.click();
    await page.waitForFunction(() => window.isSecureContext && window.auralis !== undefined);
    assert.equal(page.url(), `https://nas.local:${server.port}/#/artists`);
    await page.context().close();
  }
});
