// The library as it lies on the disk: down into its folders and back, what is played there, and why changes
// are not seen at once. Pictures go to target/screens.
import assert from "node:assert/strict";
import { mkdirSync, renameSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { browse, heard, looked_at, LOOKS, measured, open, serve, tagged, until } from "./house.mjs";

const ODD = '100% <b>Live #1 ? "نسيم"';
/** Each song, and where it lies. */
const PLACES = [
  ["A", "Jazz/Miles/a.wav"],
  ["B", "Jazz/Miles/b.wav"],
  ["C", "Jazz/c.wav"],
  ["D", `${ODD}/d.wav`],
  ["E", "e.wav"],
];

/** A library in which songs lie at these places. */
function laid_out(t, places) {
  const path = tagged(t, places.map(([title]) => ({ title, artist: "One", album: "Rooms" })));
  places.forEach(([, place], i) => {
    mkdirSync(dirname(join(path, place)), { recursive: true });
    renameSync(join(path, `${String(i + 1).padStart(4, "0")}.wav`), join(path, place));
  });
  return path;
}

async function house(t, places = PLACES) {
  const path = laid_out(t, places);
  const server = await serve(t, { library: path });
  await until("all tracks", async () => (await server.json("/api/tracks")).total === places.length);
  const page = await open(await browse(t), server.url);
  await way(page).click();
  return { server, page, path };
}

const way = (page) => page.getByRole("navigation", { name: "Library" }).getByRole("link", { name: "Folders", exact: true });
const inside = (page) => page.getByRole("list", { name: "Folders" });
const crumbs = (page) => page.getByRole("navigation", { name: "Way to this folder" });
const titles = async (page) => (await page.locator("[data-track] .c-title strong").allTextContents()).join("");
const named = (page, name) => page.getByRole("heading", { level: 2, name, exact: true }).waitFor();
const shows = (page, wanted) => until(`the list has ${wanted}`, async () => (await titles(page)) === wanted, 10_000);

test("one goes down into a folder and back, and its address finds it again", async (t) => {
  const { page } = await house(t);
  await inside(page).getByRole("link", { name: "music" }).click();
  await named(page, "music");
  await page.getByText("2\u00a0folders · 5\u00a0tracks").waitFor();
  await shows(page, "E");
  await inside(page).getByRole("link", { name: "Jazz" }).click();
  await named(page, "Jazz");
  await shows(page, "C");
  await inside(page).getByRole("link", { name: "Miles" }).click();
  await named(page, "Miles");
  await shows(page, "AB");
  assert.equal(await inside(page).count(), 0);
  assert.equal(await way(page).getAttribute("aria-current"), "true");
  assert.deepEqual(await crumbs(page).getByRole("link").allTextContents(), ["Folders", "music", "Jazz"]);

  await page.reload();
  await named(page, "Miles");
  await shows(page, "AB");
  await crumbs(page).getByRole("link", { name: "Jazz" }).click();
  await named(page, "Jazz");
  await page.goBack();
  await named(page, "Miles");
  await page.goBack();
  await named(page, "Jazz");
  await page.goForward();
  await named(page, "Miles");
  await crumbs(page).getByRole("link", { name: "Folders", exact: true }).click();
  await inside(page).getByRole("link", { name: "music" }).waitFor();
  assert.equal(await way(page).getAttribute("aria-current"), "page");
  assert.deepEqual(page.complaints, []);
});

test("a name of any signs is text, and its address holds", async (t) => {
  const { page } = await house(t);
  await inside(page).getByRole("link", { name: "music" }).click();
  await inside(page).getByRole("link", { name: ODD }).click();
  await named(page, ODD);
  await shows(page, "D");
  await page.reload();
  await named(page, ODD);
  assert.equal(await page.locator("main b").count(), 0);
  assert.deepEqual(page.complaints, []);
});

test("all below is played, and what is right in a folder is sorted", async (t) => {
  const { server, page } = await house(t);
  await inside(page).getByRole("link", { name: "music" }).click();
  await inside(page).getByRole("link", { name: "Jazz" }).click();
  await named(page, "Jazz");
  await page.getByRole("button", { name: "Play Jazz" }).click();
  await heard(page, "it plays", (now) => now.track_id !== null);
  const queued = async () => (await server.json("/api/queue")).items.map(({ track }) => track.title).join("");
  await until("all below is queued", async () => (await queued()) === "ABC");

  await inside(page).getByRole("link", { name: "Miles" }).click();
  await shows(page, "AB");
  await page.getByLabel("Sorted by").selectOption("Title");
  await page.getByRole("button", { name: "Ascending. Turn round" }).click();
  await shows(page, "BA");
  assert.match(page.url(), /sort=-title/);
  await page.locator("[data-track] .c-title").first().click();
  const b = (await server.json("/api/tracks?q=title:b")).items[0].id;
  await heard(page, "the row plays", (now) => now.track_id === b);
  await until("only the list is queued", async () => (await queued()) === "BA");
});

test("many folders and the tracks beside them are one list that scrolls, each with one key of Tab", async (t) => {
  const many = Array.from({ length: 180 }, (_, i) => [`T${i}`, `Artist ${String(i).padStart(3, "0")}/t.wav`]);
  const { page } = await house(t, [...many, ["Loose", "loose.wav"]]);
  await inside(page).getByRole("link", { name: "music" }).click();
  await named(page, "music");
  const links = inside(page).getByRole("link");
  await links.first().focus();
  assert.ok((await links.count()) < 100, "only what is near the window is in the document");
  await page.keyboard.press("End");
  await page.locator(".cell a:focus", { hasText: "Artist 179" }).waitFor();
  await page.locator("[data-track]", { hasText: "Loose" }).waitFor();
  // On to the order of the tracks, which way round it is, and the tracks.
  for (let n = 0; n < 3; n++) await page.keyboard.press("Tab");
  assert.equal(await page.evaluate(() => document.activeElement.getAttribute("role")), "grid");
  await page.keyboard.press("Enter");
  await heard(page, "the loose one plays", (now) => now.track_id !== null);
  // Into the last one, and back to where one was.
  await inside(page).getByRole("link", { name: "Artist 179" }).click();
  await named(page, "Artist 179");
  await page.goBack();
  await inside(page).getByRole("link", { name: "Artist 179" }).waitFor();
  // What plays is not measured yet.
  assert.deepEqual(page.complaints.filter((said) => !/503/.test(said)), []);
});

test("a folder that is gone, or never was, is said to be", async (t) => {
  const { page, server, path } = await house(t);
  for (const dir of ["00000001ffff", "no", "000000012e2e"]) {
    await page.goto(page.url().replace(/#.*/, `#/folder/${dir}`));
    await page.getByText(/it may have left the library/).waitFor();
    await page.reload();
    await page.getByText(/it may have left the library/).waitFor();
    await way(page).click();
    await inside(page).getByRole("link", { name: "music" }).waitFor();
  }
  // One that is looked at when it goes.
  await inside(page).getByRole("link", { name: "music" }).click();
  await inside(page).getByRole("link", { name: ODD }).click();
  await shows(page, "D");
  rmSync(join(path, ODD), { recursive: true });
  await fetch(`${server.url}/api/library/scan`, { method: "POST" });
  await page.getByText(/it may have left the library/).waitFor();
});

test("why changes are not seen at once is told in a line, and whole above the folders", async (t) => {
  const { page } = await house(t);
  assert.equal(await page.getByRole("link", { name: "Not all watched" }).count(), 0);
  const why = "the system watches no more folders; raise fs.inotify.max_user_watches to see changes at once";
  await page.route("**/api/library/scan", async (route) => {
    const answer = await route.fetch();
    const now = await answer.json();
    await route.fulfill({ response: answer, json: { ...now, unwatched: why, problems: ["/mnt/<i>gone</i>: no such file"] } });
  });
  // What the server says of its own accord is not so, and may come after what is asked.
  await page.routeWebSocket(/\/ws$/, () => undefined);
  await page.goto(page.url().replace(/#.*/, "#/albums"));
  await page.reload();
  await page.getByRole("link", { name: "Not all watched" }).click();
  await page.getByText(`from time to time: ${why}.`).waitFor();
  await page.getByText("/mnt/<i>gone</i>: no such file").waitFor();
  await page.setViewportSize({ width: 390, height: 844 });
  // The page becomes a pocket's a moment after the window did.
  await until("it fits", () => page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth), 5_000);
  await page.unrouteAll({ behavior: "ignoreErrors" });
});

test("folders are fit to be seen on a desk and in a pocket", async (t) => {
  const long = "A folder whose name goes on for much longer than any row or screen is wide, without_any_place_to_break_it_".repeat(2);
  const server = await serve(t, { library: laid_out(t, [...PLACES, ["F", `Jazz/${long}/f.wav`], ["G", `Jazz/${long}/${long}/g.wav`]]) });
  await measured(server, 7);
  const [{ dir }] = (await server.json("/api/library/folders")).items;
  const jazz = (await server.json(`/api/library/folders?dir=${dir}`)).items.find(({ name }) => name === "Jazz").dir;
  const deep = (await server.json(`/api/library/folders?dir=${jazz}`)).items.find(({ name }) => name === long).dir;
  const browser = await browse(t);
  for (const [look, options] of LOOKS) {
    const page = await open(browser, server.url, options);
    for (const [name, hash] of Object.entries({ folders: "folders", folder: `folder/${jazz}`, deep: `folder/${deep}` })) {
      await page.evaluate((hash) => (location.hash = `#/${hash}`), hash);
      await page.locator(name === "folders" ? ".directories .cell a" : name === "folder" ? ".way li:nth-child(2)" : ".way li:nth-child(3)").first().waitFor();
      await looked_at(page, `folders-${name}-${look}`);
    }
    assert.deepEqual(page.complaints, []);
    await page.context().close();
  }
});
