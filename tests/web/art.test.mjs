// Covers on the page: small ones are asked for, and one tints the surface of what plays so little that
// every word on it stays legible.
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { deflateSync } from "node:zlib";
import { browse, heard, library, measured, open, packages, picture, serve, until } from "./house.mjs";

const crc32 = (bytes) => {
  let crc = ~0;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  }
  return ~crc >>> 0;
};

/** A PNG of one colour, 640 pixels square. */
function png(colour, size = 640) {
  const chunk = (name, body) => {
    const bytes = Buffer.concat([Buffer.alloc(4), Buffer.from(name), body, Buffer.alloc(4)]);
    bytes.writeUInt32BE(body.length, 0);
    bytes.writeUInt32BE(crc32(bytes.subarray(4, -4)), bytes.length - 4);
    return bytes;
  };
  const head = Buffer.alloc(13);
  head.writeUInt32BE(size, 0);
  head.writeUInt32BE(size, 4);
  head.set([8, 2, 0, 0, 0], 8);
  const row = Buffer.concat([Buffer.alloc(1), ...Array(size).fill(Buffer.from(colour))]);
  const rows = deflateSync(Buffer.concat(Array(size).fill(row)));
  return Buffer.concat([Buffer.from("\x89PNG\r\n\x1a\n", "latin1"), chunk("IHDR", head), chunk("IDAT", rows), chunk("IEND", Buffer.alloc(0))]);
}

/** The farthest that covers go. */
const EXTREMES = ["#000000", "#ffffff", "#ff0000", "#00ff00", "#0000ff", "#ffff00", "#ff00ff", "#00ffff"];

test("covers come small, and tint what is about the track without a word growing faint", async (t) => {
  const music = library(t, { album: "Blue" });
  writeFileSync(join(music, "cover.png"), png([0x20, 0x40, 0xe0]));
  const server = await serve(t, { library: music });
  await measured(server, 2);
  const browser = await browse(t);
  const axe = readFileSync(packages.resolve("axe-core/axe.min.js"), "utf8");
  for (const colorScheme of ["light", "dark"]) {
    const page = await open(browser, server.url, { colorScheme, bypassCSP: true });
    await page.locator("[role=row][data-track]").first().click();
    await heard(page, "it plays", (now) => now.position_frames > 24_000 && now.plan_id !== null);
    const covers = await until("the covers are there", async () => {
      const found = await page.$$eval(".row .cover img, .deck .cover img", (all) => all.map((one) => [one.src, one.naturalWidth]));
      return found.length === 3 && found.every(([, width]) => width > 0) ? found : null;
    });
    for (const [src, width] of covers) {
      assert.ok(src.endsWith("/artwork?size=128"), src);
      assert.equal(width, 128);
    }
    const surface = (name) => page.$eval(name, (one) => getComputedStyle(one).backgroundColor);
    const plain = colorScheme === "light" ? [255, 255, 255] : [28, 25, 23];
    const tinted = plain.map((x, i) => 0.92 * x + 0.08 * [0x20, 0x40, 0xe0][i]);
    for (const name of [".deck", ".why"]) {
      const shown = await until(`${name} is tinted`, async () => {
        // Chromium tells a mix in parts of one.
        const parts = (await surface(name)).match(/[\d.]+/g).map(Number).slice(0, 3);
        const bytes = (await surface(name)).startsWith("color(") ? parts.map((x) => 255 * x) : parts;
        return bytes.every((x, i) => Math.abs(x - plain[i]) < 0.01) ? null : bytes;
      });
      // The cover's colour is told within a few steps of it: of that, 8 % is seen.
      assert.ok(shown.every((x, i) => Math.abs(x - tinted[i]) < 0.6), `${name} is ${shown} instead of ${tinted}`);
    }
    await picture(page, `cover-${colorScheme}`);
    await page.evaluate(axe);
    for (const colour of EXTREMES) {
      const found = await page.evaluate(async (colour) => {
        const tinted = [...document.querySelectorAll(".deck, .why")];
        for (const one of tinted) one.style.setProperty("--surface", one.style.getPropertyValue("--surface").replace(/(srgb, )(.*)( 8%)/, `$1${colour}$3`));
        const { violations, passes } = await window.axe.run([[".deck"], [".why"]], { runOnly: ["color-contrast"] });
        const words = (all) => all.flatMap(({ nodes }) => nodes.map((node) => `${node.html} ${node.any.map((one) => one.message)}`));
        return { mixes: tinted.map((one) => one.style.getPropertyValue("--surface")), faint: words(violations), n_clear: words(passes).length };
      }, colour);
      assert.ok(found.mixes.every((mix) => mix.includes(`${colour} 8%`)), `${found.mixes}`);
      assert.deepEqual(found.faint, [], `${colorScheme}, ${colour}`);
      assert.ok(found.n_clear > 20, `only ${found.n_clear} words were looked at`);
    }
    assert.deepEqual(page.complaints, []);
    await page.context().close();
  }
});
