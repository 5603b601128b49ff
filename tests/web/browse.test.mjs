// Ways through the library: every view, the pages of one album, artist and genre, their addresses, and orders.
import assert from "node:assert/strict";
import { test } from "node:test";
import { browse, heard, measured, open, serve, tagged, until } from "./house.mjs";

const ODD = "<b>Bold</b> \u202eflip";
const SONGS = [
  { title: "So What", artist: "Miles Davis", album: "Kind of Blue", genre: "Jazz", year: "1959" },
  { title: "All Blues", artist: "Miles Davis", album: "Kind of Blue", genre: "Jazz", year: "1959" },
  { title: "River", artist: "Joni Mitchell", album: "Blue", genre: "Folk", year: "1971" },
  { title: ODD, artist: "نسيم", album: "<i>Album</i>", genre: "Folk", year: "1990" },
];

async function house(t, songs = SONGS) {
  const server = await serve(t, { library: tagged(t, songs) });
  await until("all tracks", async () => (await server.json("/api/tracks")).total === songs.length);
  const page = await open(await browse(t), server.url);
  await page.locator("[role=row][data-track]").first().waitFor();
  return { server, page };
}

const titles = (page) => page.locator("[role=row][data-track] .c-title strong").allTextContents();
const way = (page, name) => page.getByRole("navigation", { name: "Library" }).getByRole("link", { name, exact: true });
/** The titles in the list, once they are these. */
const shows = (page, wanted) =>
  until(`${wanted}`, async () => String(await titles(page)) === String(wanted), 10_000).catch(async (error) => {
    throw new Error(`${error.message}; the list has ${await titles(page)}`);
  });

test("albums, artists and genres lead to their pages, and from those to each other", async (t) => {
  const { page } = await house(t);
  await way(page, "Albums").click();
  const albums = page.getByRole("list", { name: "Albums" });
  await albums.getByRole("link", { name: "Kind of Blue" }).click();
  await page.getByRole("heading", { name: "Kind of Blue" }).waitFor();
  await page.getByText("1959 · 2\u00a0tracks").waitFor();
  await shows(page, ["So What", "All Blues"]);
  assert.equal(await way(page, "Albums").getAttribute("aria-current"), "true");

  await page.locator(".page-title").getByRole("link", { name: "Miles Davis" }).click();
  await page.getByRole("heading", { name: "Miles Davis" }).waitFor();
  await page.getByRole("link", { name: "Jazz" }).click();
  await page.getByRole("heading", { name: "Jazz" }).waitFor();
  await shows(page, ["So What", "All Blues"]);
  await page.getByRole("list", { name: "Albums" }).getByRole("link", { name: "Kind of Blue" }).waitFor();

  // Back and forward, and a reload, find the same again.
  await page.goBack();
  await page.getByRole("heading", { name: "Miles Davis" }).waitFor();
  await page.reload();
  await page.getByRole("heading", { name: "Miles Davis" }).waitFor();
  await page.goBack();
  await page.getByRole("heading", { name: "Kind of Blue" }).waitFor();
  await page.goForward();
  await page.getByRole("heading", { name: "Miles Davis" }).waitFor();

  // From a row to its artist, without playing it; the play key plays.
  await way(page, "Tracks").click();
  await page.locator("[role=row][data-track]").getByRole("link", { name: "Joni Mitchell" }).click();
  await page.getByRole("heading", { name: "Joni Mitchell" }).waitFor();
  assert.equal(await page.evaluate(() => window.auralis.stats().track_id), null);
  await page.getByRole("button", { name: "Play Joni Mitchell" }).click();
  await heard(page, "hers plays", (now) => now.track_id !== null);
  await page.locator(".now-playing strong", { hasText: "River" }).waitFor();
  await page.locator(".now-playing").getByRole("link", { name: "Blue" }).click();
  await page.getByRole("heading", { name: "Blue" }).waitFor();
  // Pictures of what is not measured yet are not there yet.
  assert.deepEqual(page.complaints.filter((said) => !/404|503/.test(said)), []);
});

test("lists are ordered by what is chosen, both ways, and the address says so", async (t) => {
  const { page } = await house(t);
  const order = page.getByLabel("Sorted by");
  await order.selectOption("Year");
  await shows(page, ["So What", "All Blues", "River", ODD]);
  await page.getByRole("button", { name: "Ascending. Turn round" }).click();
  await until("the latest first", async () => (await titles(page))[0] === ODD);
  assert.match(page.url(), /sort=-year/);
  await page.reload();
  await until("as before", async () => (await titles(page))[0] === ODD);
  await page.getByRole("button", { name: "Title" }).click();
  await until("by title", async () => (await titles(page)).indexOf("All Blues") < (await titles(page)).indexOf("River"));
  await page.getByRole("columnheader", { name: "Title", exact: false }).and(page.locator("[aria-sort=ascending]")).waitFor();

  await way(page, "Artists").click();
  const names = () => page.getByRole("list", { name: "Artists" }).locator("strong").allTextContents();
  await until("artists by name", async () => String(await names()).startsWith("Miles Davis,Joni") || String(await names()).startsWith("Joni"));
  await order.selectOption("Tracks");
  await page.getByRole("button", { name: "Ascending. Turn round" }).click();
  await until("who has most first", async () => (await names())[0] === "Miles Davis");
});

test("what was heard, and playlists, are ordered by what is chosen, both ways", async (t) => {
  const { server, page } = await house(t);
  const put = async (path, method, body) => {
    const answer = await fetch(server.url + path, { method, headers: { "content-type": "application/json" }, body: JSON.stringify(body) });
    assert.ok(answer.ok, path);
  };
  const ids = Object.fromEntries((await server.json("/api/tracks")).items.map(({ title, id }) => [title, id]));
  for (const [n, title] of ["So What", "All Blues", "River"].entries()) {
    await put(`/api/history/h${n}`, "PUT", { track_id: ids[title], listened_s: 2, at: 1_700_000_000 + n });
  }
  for (const name of ["Evening", "Dawn"]) await put("/api/playlists", "POST", { name });
  const order = page.getByLabel("Sorted by");
  await way(page, "History").click();
  await shows(page, ["River", "All Blues", "So What"]);
  await order.selectOption("Title");
  await shows(page, ["All Blues", "River", "So What"]);

  await way(page, "Playlists").click();
  const names = () => page.getByRole("list", { name: "Playlists" }).locator("strong").allTextContents();
  await until("by name", async () => String(await names()) === "Dawn,Evening");
  await page.getByRole("button", { name: "Ascending. Turn round" }).click();
  await until("the other way round", async () => String(await names()) === "Evening,Dawn");
  assert.match(page.url(), /sort=-name/);
  // A playlist that comes finds its place.
  await put("/api/playlists", "POST", { name: "Dusk" });
  await until("one more", async () => String(await names()) === "Evening,Dusk,Dawn");
  assert.deepEqual(page.complaints, []);
});

test("what was added or played last, or most, is one click away", async (t) => {
  const { server, page } = await house(t);
  const ids = Object.fromEntries((await server.json("/api/tracks")).items.map(({ title, id }) => [title, id]));
  const play = (title, n) =>
    fetch(`${server.url}/api/history/${title.replace(" ", "")}${n}`, {
      method: "PUT",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ track_id: ids[title], listened_s: 2, at: 1_700_000_000 + n }),
    });
  for (const [n, title] of ["River", "River", "All Blues"].entries()) assert.equal((await play(title, n)).status, 200);
  const quick = page.getByRole("navigation", { name: "Quick orders" });
  await quick.getByRole("link", { name: "Most played" }).click();
  await until("most first", async () => (await titles(page))[0] === "River");
  await quick.getByRole("link", { name: "Recently played" }).click();
  await until("the last first", async () => (await titles(page))[0] === "All Blues");
  assert.equal(await quick.locator("[aria-current]").textContent(), "Recently played");
  assert.equal(await page.getByLabel("Sorted by").inputValue(), "played");
  await quick.getByRole("link", { name: "Recently added" }).click();
  await until("the address says so", () => /sort=-added/.test(page.url()));
  await page.goBack();
  await until("as before", async () => (await titles(page))[0] === "All Blues");
});

test("titles with HTML and signs of direction are text", async (t) => {
  const { page } = await house(t);
  assert.ok((await titles(page)).includes(ODD));
  assert.equal(await page.locator("[role=row] strong b, [role=row] i").count(), 0);
  await page.locator("[role=row][data-track]").getByRole("link", { name: "<i>Album</i>" }).click();
  await page.getByRole("heading", { name: "<i>Album</i>" }).waitFor();
  assert.equal(await page.locator("h2 i").count(), 0);
});

test("the keyboard walks through a grid of albums, which keeps to what is in sight", async (t) => {
  const songs = Array.from({ length: 120 }, (_, i) => ({ title: `T${i}`, artist: "A", album: `Album ${String(i).padStart(3, "0")}` }));
  const { page } = await house(t, songs);
  await way(page, "Albums").click();
  const cells = page.locator(".cell a");
  await cells.first().waitFor();
  assert.ok((await cells.count()) < 100, "only what is near the window is in the document");
  await cells.first().focus();
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("End");
  await page.locator(".cell a:focus", { hasText: "Album 119" }).waitFor();
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "Album 119" }).waitFor();
  // Back where one was, not at the top.
  await page.goBack();
  await page.locator(".cell a", { hasText: "Album 119" }).waitFor();
});

test("what is scrolled to while the list is asked for anew stays, and the keyboard on it", async (t) => {
  const songs = Array.from({ length: 120 }, (_, i) => ({ title: `T${i}`, artist: "A", album: `Album ${String(i).padStart(3, "0")}` }));
  const { page, server } = await house(t, songs);
  await measured(server, songs.length);
  await way(page, "Albums").click();
  await page.locator(".cell a").first().focus();
  let [release, n_held] = [() => {}, 0];
  const held = new Promise((now) => (release = now));
  await page.route(/\/api\/albums\?.*offset=0/, async (route) => {
    n_held += 1;
    await held;
    await route.continue();
  });
  // Anything that tells the page that the library is another.
  await fetch(`${server.url}/api/library/missing`, { method: "DELETE" });
  await until("the page asks anew", () => n_held > 0);
  await page.keyboard.press("End");
  const last = page.locator(".cell a:focus", { hasText: "Album 119" });
  await last.waitFor();
  await page.evaluate(() => {
    window.blurred = 0;
    document.addEventListener("focusout", () => (window.blurred += 1));
    new MutationObserver(() => document.activeElement === document.body && (window.blurred += 1)).observe(document.body, { childList: true, subtree: true });
  });
  const anew = page.waitForResponse(/\/api\/albums\?.*offset=0/);
  release();
  await anew;
  await page.unrouteAll({ behavior: "wait" });
  await page.waitForTimeout(500);
  assert.equal(await page.evaluate(() => window.blurred), 0);
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "Album 119" }).waitFor();
});
