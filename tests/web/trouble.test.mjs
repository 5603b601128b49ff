// What is wrong in the library: files that failed, tried again one by one or all at once, and tracks whose
// files are gone, forgotten when one says so. Pictures go to target/screens.
import assert from "node:assert/strict";
import { copyFileSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { browse, looked_at, LOOKS, measured, open, root, serve, tagged, until } from "./house.mjs";

const ODD = "Not <b>music نسيم.wav";
const SONGS = ["A", "B", "C", "D"].map((title) => ({ title, artist: "One", album: "Rooms" }));

/** A library with some files that are no music, nobody watching it. */
async function house(t, bad = [ODD], songs = SONGS) {
  const path = tagged(t, songs);
  for (const name of bad) writeFileSync(join(path, name), "not at all");
  const server = await serve(t, { library: path, args: ["--no-watch"] });
  await until("all is looked at", async () => {
    const { state, failed, waiting, tracks } = await server.json("/api/library/scan");
    return state === "idle" && failed === bad.length && waiting === 0 && tracks >= songs.length;
  });
  const page = await open(await browse(t), server.url);
  await page.locator("[data-track]").first().waitFor();
  const scanned = async () => {
    await fetch(`${server.url}/api/library/scan`, { method: "POST" });
    await until("it is scanned", async () => (await server.json("/api/library/scan")).state === "idle");
  };
  return { path, server, page, scanned };
}

const tally = (page, name) => page.locator(".tally").getByRole("link", { name });
const way = (page) => page.getByRole("navigation", { name: "Library" }).getByRole("link", { name: "Trouble" });
const failed = (page) => page.getByRole("list", { name: "Files that failed" });
const missing = (page) => page.getByRole("list", { name: "Missing tracks" });
const names = (list) => list.locator("strong").allTextContents();
const shows = (list, wanted) =>
  until(`the list has ${wanted}`, async () => String(await names(list)) === String(wanted), 10_000).catch(async (error) => {
    throw new Error(`${error.message}; it has ${await names(list)}`);
  });

test("a file that failed is named with the reason, and is no longer once it is mended and tried again", async (t) => {
  const { path, server, page } = await house(t, [ODD, "other.flac"]);
  await tally(page, "2 failed").click();
  await shows(failed(page), [ODD, "other.flac"]);
  const row = failed(page).getByRole("listitem").filter({ hasText: ODD });
  const { items } = await server.json("/api/library/faults");
  await row.getByText("Opening it").waitFor();
  await row.getByText(items.find((one) => one.path === ODD).reason).waitFor();
  assert.equal(await failed(page).locator("b").count(), 0);
  assert.equal(await way(page).getAttribute("aria-current"), "page");

  // Tried again as it is, it fails again.
  await row.getByRole("button", { name: `Retry ${ODD}` }).click();
  await until("it was tried again", async () => {
    const one = (await server.json("/api/library/faults")).items.find((one) => one.path === ODD);
    return one !== undefined && (await server.json("/api/library/scan")).state === "idle";
  });
  await shows(failed(page), [ODD, "other.flac"]);

  // Mended, it is a track.
  copyFileSync(join(path, "0001.wav"), join(path, ODD));
  await row.getByRole("button", { name: "Retry" }).click();
  await shows(failed(page), ["other.flac"]);
  await tally(page, "1 failed").waitFor();
  await until("it is a track", async () => (await server.json("/api/tracks")).total === 5);
  copyFileSync(join(path, "0002.wav"), join(path, "other.flac"));
  await page.getByRole("button", { name: "Retry all" }).click();
  await page.getByText("No file has failed", { exact: true }).waitFor();
  assert.equal(await tally(page, /failed/).count(), 0);
  // The way leads nowhere any more.
  await page.getByRole("navigation", { name: "Library" }).getByRole("link", { name: "Tracks", exact: true }).click();
  await page.locator("[data-track]").first().waitFor();
  assert.equal(await way(page).count(), 0);
  assert.deepEqual(page.complaints.filter((said) => !/404|503/.test(said)), []);
});

test("what is there no more is listed, and forgotten only when one says so", async (t) => {
  const { path, server, page, scanned } = await house(t, []);
  assert.equal(await way(page).count(), 0);
  for (const n of [1, 3]) rmSync(join(path, `000${n}.wav`));
  await scanned();
  await tally(page, "2 missing").click();
  await page.getByLabel("Sorted by").selectOption("Title");
  await shows(missing(page), ["A", "C"]);
  assert.match(page.url(), /#\/missing\?sort=title/);
  await page.getByRole("button", { name: "Ascending. Turn round" }).click();
  await shows(missing(page), ["C", "A"]);
  await page.reload();
  await shows(missing(page), ["C", "A"]);
  await missing(page).getByText("0003.wav").waitFor();

  page.once("dialog", (asked) => asked.dismiss());
  await page.getByRole("button", { name: "Forget all" }).click();
  assert.equal((await server.json("/api/library/missing")).total, 2);
  let question = "";
  page.once("dialog", (asked) => {
    question = asked.message();
    void asked.accept();
  });
  await page.getByRole("button", { name: "Forget all" }).click();
  await page.getByText("No file is missing").waitFor();
  assert.match(question, /2\u00a0missing tracks/);
  assert.equal((await server.json("/api/library/missing")).total, 0);
  assert.deepEqual(page.complaints, []);
});

test("hundreds of faults are one list with one key of Tab, in any order", async (t) => {
  const bad = Array.from({ length: 230 }, (_, i) => `bad ${String(i).padStart(3, "0")}.wav`);
  const { page, server } = await house(t, bad);
  await way(page).click();
  await failed(page).getByText("bad 000.wav").waitFor();
  await tally(page, "230 failed").waitFor();
  assert.ok((await failed(page).getByRole("button").count()) < 100, "only what is near the window is in the document");
  assert.equal(await failed(page).locator('button[tabindex="0"]').count(), 1);
  await failed(page).locator('button[tabindex="0"]').focus();
  await page.keyboard.press("End");
  await failed(page).getByRole("button", { name: "Retry bad 229.wav" }).and(page.locator(":focus")).waitFor();
  await page.keyboard.press("ArrowUp");
  await failed(page).getByRole("button", { name: "Retry bad 228.wav" }).and(page.locator(":focus")).waitFor();
  // Of what was the last the keyboard stays in the list.
  await page.keyboard.press("End");
  await page.keyboard.press("Enter");
  await until("it has failed again", async () => (await server.json("/api/library/faults")).total === 230);
  await failed(page).getByRole("button").and(page.locator(":focus")).waitFor();
  await page.getByRole("button", { name: "Ascending. Turn round" }).click();
  await until("from the end", async () => (await names(failed(page)))[0] === "bad 229.wav");
  await page.getByLabel("Sorted by").selectOption("When");
  await until("the address says so", () => /sort=at/.test(page.url()));
  assert.deepEqual(page.complaints, []);
});

test("what cannot be tried again is said", async (t) => {
  const { page } = await house(t);
  await way(page).click();
  await page.route("**/api/library/faults/*/retry", (route) =>
    route.fulfill({ status: 500, contentType: "application/problem+json", body: JSON.stringify({ title: "no", detail: "the disk is full" }) }),
  );
  await failed(page).getByRole("button", { name: "Retry" }).click();
  await page.getByRole("alert").getByText("the disk is full.").waitFor();
  await page.getByRole("button", { name: "Dismiss" }).click();
  await page.getByRole("alert").waitFor({ state: "detached" });
});

test("trouble is fit to be seen on a desk and in a pocket", async (t) => {
  const long = `${"A name that goes on and on ".repeat(6)}without_any_place_to_break_it_${"x".repeat(40)}.wav`;
  const { path, server, scanned } = await house(t, [ODD, long]);
  copyFileSync(join(root, "tests/web/files/panics.mkv"), join(path, "panics.mkv"));
  mkdirSync(join(path, "Deep"));
  writeFileSync(join(path, "Deep/also.mp3"), "not at all");
  rmSync(join(path, "0002.wav"));
  await scanned();
  await until("all failed", async () => (await server.json("/api/library/scan")).failed === 4);
  const browser = await browse(t);
  for (const [look, options] of LOOKS) {
    const page = await open(browser, server.url, options);
    for (const name of ["failed", "missing"]) {
      await page.evaluate((name) => (location.hash = `#/${name}`), name);
      await (name === "failed" ? failed(page) : missing(page)).locator("strong").first().waitFor();
      await looked_at(page, `trouble-${name}-${look}`);
    }
    assert.deepEqual(page.complaints, []);
    await page.context().close();
  }
  await measured(server, 3);
});
