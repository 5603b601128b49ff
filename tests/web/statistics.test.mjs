// The library in figures: each bar counts just the tracks to which it leads. Pictures go to target/screens.
import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { browse, folder, looked_at, LOOKS, measured, open, serve, tagged, until } from "./house.mjs";

const YEARS = ["1959", "1959", "1960", "1969", "1970", "1994", "2003", undefined];
const SONGS = YEARS.map((year, i) => ({ title: `T${i}`, artist: "One", album: "Rooms", year }));

async function house(t) {
  const server = await serve(t, { library: tagged(t, SONGS, { seconds: 12 }) });
  await measured(server, SONGS.length);
  const page = await open(await browse(t), server.url);
  await page.getByRole("navigation", { name: "Library" }).getByRole("link", { name: "Statistics" }).click();
  await chart(page, "Formats").waitFor();
  return { server, page };
}

const chart = (page, name) => page.getByRole("figure").filter({ has: page.getByRole("heading", { name, exact: true }) });
const bars = (page, name) => chart(page, name).getByRole("list").getByRole("link");
const labels = (page, name) => chart(page, name).getByRole("listitem").locator(".label");

test("every bar counts the tracks that it leads to, and none is left out", async (t) => {
  const { server, page } = await house(t);
  const all = await page.locator(".chart li a").evaluateAll((links) =>
    links.map((link) => ({ words: link.title, n: Number(link.querySelector(".figure").textContent), href: link.getAttribute("href") })),
  );
  assert.ok(all.length > 10);
  for (const { words, n, href } of all) {
    const q = new URLSearchParams(href.split("?")[1]).get("q");
    const { total } = await server.json(`/api/tracks?${new URLSearchParams({ q })}`);
    assert.equal(total, n, `${words}, ${q}`);
  }
  const sum = async (name) =>
    (await bars(page, name).locator(".figure").allTextContents()).reduce((sum, n) => sum + Number(n), 0);
  for (const name of ["Formats", "Sample rates", "Bits", "Loudness", "Crest factor"]) assert.equal(await sum(name), SONGS.length, name);
  assert.equal(await sum("Decades"), SONGS.length - 1);
  // Also where a decade has none, its place is there.
  assert.deepEqual(await labels(page, "Decades").allTextContents(), ["1950s", "1960s", "1970s", "1980s", "1990s", "2000s"]);
  const { duration_s } = await server.json("/api/library/statistics");
  await page.getByRole("list", { name: "In all" }).getByText(`${Math.round(duration_s / 60)}\u2009min`).waitFor();
  assert.deepEqual(page.complaints, []);
});

test("a bar is reached by keys, and leads to its tracks and back", async (t) => {
  const { page } = await house(t);
  const decades = bars(page, "Decades");
  assert.equal(await chart(page, "Decades").locator('li a[tabindex="0"]').count(), 1);
  await decades.first().focus();
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("ArrowLeft");
  await page.keyboard.press("ArrowRight");
  await decades.and(page.getByRole("link", { name: "1960s: 2 tracks" })).and(page.locator(":focus")).waitFor();
  await page.keyboard.press("Enter");
  await until("its tracks", async () => (await page.locator("[data-track] .c-title strong").allTextContents()).sort().join("") === "T2T3");
  assert.equal(await page.getByRole("searchbox", { name: "Search" }).inputValue(), "year:>=1960 year:<1970");
  await page.goBack();
  await chart(page, "Decades").waitFor();

  // The same, to be read.
  await chart(page, "Decades").getByText("as a table").click();
  await chart(page, "Decades").getByRole("row", { name: "1960s 2" }).waitFor();
  assert.deepEqual(page.complaints, []);
});

test("what is heard meanwhile is counted", async (t) => {
  const { server, page } = await house(t);
  const sums = page.getByRole("list", { name: "In all" });
  await sums.getByRole("link", { name: "0 plays" }).waitFor();
  const { id } = (await server.json("/api/tracks")).items[0];
  await fetch(`${server.url}/api/favorites/${id}`, { method: "PUT" });
  await sums.getByRole("link", { name: "1 favourite", exact: true }).click();
  await until("the favourite", async () => (await page.locator("[data-track]").count()) === 1);
});

test("without music there are no figures", async (t) => {
  const empty = join(folder(t), "music");
  mkdirSync(empty);
  const server = await serve(t, { library: empty });
  const page = await open(await browse(t), `${server.url}/#/statistics`);
  await page.getByText("No music here yet").waitFor();
  assert.deepEqual(page.complaints, []);
});

test("figures are fit to be seen on a desk and in a pocket", async (t) => {
  // As of a large library, with outliers: its shape, not its tracks.
  const hill = (from, to, step, at, width) =>
    Array.from({ length: (to - from) / step + 1 }, (_, i) => from + i * step).map((x) => ({
      from: x,
      n_tracks: Math.round(9000 * Math.exp(-(((x - at) / width) ** 2))),
    }));
  const share = (of, n_tracks) => ({ of, n_tracks, duration_s: 240 * n_tracks });
  const figures = {
    n_tracks: 48_213, n_measured: 48_101, n_favorites: 1_204, n_plays: 103_551, duration_s: 48_213 * 243,
    codecs: [share("flac", 31_000), share("mp3", 12_000), share("aac", 4_000), share("a codec with quite a long name", 1_213)],
    sample_rates: [share(44_100, 40_000), share(48_000, 5_000), share(96_000, 3_000), share(192_000, 213)],
    bits_per_sample: [share(16, 30_000), share(24, 6_000)],
    decades: [{ from: 190, n_tracks: 2 }, ...hill(1920, 2020, 10, 1994, 25)],
    lufs: [{ from: -61, n_tracks: 12 }, ...hill(-30, -3, 1, -11, 5)],
    lra_lu: hill(0, 31, 1, 7, 5), crest_db: hill(3, 24, 1, 13, 4), bpm: hill(40, 230, 10, 118, 30),
  };
  const server = await serve(t, { library: tagged(t, SONGS.slice(0, 1)) });
  const browser = await browse(t);
  for (const [look, options] of LOOKS) {
    const page = await open(browser, server.url, options);
    await page.route("**/api/library/statistics", (route) => route.fulfill({ json: figures }));
    await page.evaluate(() => (location.hash = "#/statistics"));
    await chart(page, "Tempo").waitFor();
    await looked_at(page, `statistics-${look}`);
    await bars(page, "Tempo").nth(6).focus();
    await chart(page, "Loudness").getByText("as a table").click();
    await looked_at(page, `statistics-below-${look}`);
    assert.deepEqual(page.complaints, []);
    await page.context().close();
  }
});
