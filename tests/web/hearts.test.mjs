// Hearts, stars, what was heard, and how a track shall always sound.
import assert from "node:assert/strict";
import { test } from "node:test";
import { browse, heard, open, serve, stats, tagged, until } from "./house.mjs";

const TITLES = ["A", "B", "C"];

async function house(t, { seconds = 20 } = {}) {
  const server = await serve(t, { library: tagged(t, TITLES.map((title) => ({ title, artist: "One", album: "Rooms" })), { seconds }) });
  await until("all measured", async () => (await server.json("/api/tracks?q=is:measured")).total === TITLES.length);
  const browser = await browse(t);
  const page = await open(browser, server.url);
  await row(page, "A").waitFor();
  const favorites = async (wanted) =>
    until(`favourites ${wanted}`, async () => (await server.json("/api/favorites")).items.map(({ title }) => title).sort().join("") === wanted, 10_000);
  return { server, browser, page, favorites };
}

const row = (page, title) => page.locator("[data-track]", { has: page.locator("strong", { hasText: new RegExp(`^${title}$`) }) });
const play = (page, title) => row(page, title).locator(".c-title strong").click();
const way = (page, name) => page.getByRole("navigation", { name: "Library" }).getByRole("link", { name, exact: true });

test("a heart is given in a row, by key and on the deck, and found again", async (t) => {
  const { server, page, favorites } = await house(t);
  await row(page, "B").hover();
  await row(page, "B").getByRole("button", { name: "Make B a favourite" }).click();
  await row(page, "B").getByRole("button", { name: "B is a favourite" }).waitFor();
  await favorites("B");
  // The row under the keyboard; then what plays.
  await page.locator(".tracks").focus();
  await page.keyboard.press("h");
  await favorites("AB");
  await play(page, "C");
  await heard(page, "it plays", (now) => now.track_id !== null);
  await page.locator(".now-playing").getByRole("button", { name: "Make C a favourite" }).click();
  await favorites("ABC");
  await page.locator(".now-playing").getByRole("button", { name: "C is a favourite" }).waitFor();

  await row(page, "A").locator(".c-title").click({ button: "right" });
  await page.getByRole("menu").getByRole("menuitemradio", { name: "4 stars" }).click();
  await until("four stars", async () => (await server.json("/api/tracks?q=rating:4")).items[0]?.title === "A");

  await way(page, "Favourites").click();
  await until("the list has them", async () => (await page.locator("[data-track]").count()) === 3);
  await row(page, "A").getByRole("button", { name: "A is a favourite" }).click();
  await until("one less", async () => (await page.locator("[data-track]").count()) === 2);
  await favorites("BC");
  assert.deepEqual(page.complaints, []);
});

test("what is heard is told once it counts, and again when the server is back", async (t) => {
  const { server, page } = await house(t, { seconds: 4 });
  const plays = async () => (await server.json("/api/history")).items;
  await play(page, "A");
  const [first] = await until("A was heard", async () => {
    const items = await plays();
    return items[0]?.counted ? items : null;
  });
  assert.equal(first.track.title, "A");
  assert.ok(first.listened_s >= 2 && first.listened_s < 5, `${first.listened_s} s`);

  // While the server does not take it, it waits in the browser, through a reload.
  await page.route("**/api/history/**", (route) => route.abort());
  const kept = () => page.evaluate(() => Object.keys(localStorage).filter((key) => key.startsWith("auralis.heard.")).length);
  await play(page, "C");
  const c = (await server.json("/api/tracks?q=title:c")).items[0].id;
  await until("it waits", () => page.evaluate((id) => Object.values(localStorage).some((text) => text.includes(id)), c));
  await page.evaluate(() => window.auralis.pause());
  await page.unroute("**/api/history/**");
  await page.reload();
  await until("C is told", async () => (await plays()).some(({ track, counted }) => track.title === "C" && counted));
  await until("nothing waits", async () => (await kept()) === 0);
  const of_c = (await plays()).filter(({ track }) => track.title === "C");
  assert.equal(of_c.length, 1, "told twice it counts once");

  await way(page, "History").click();
  await row(page, "C").waitFor();
});

test("a page that goes away says what was heard", async (t) => {
  const { server, page } = await house(t, { seconds: 60 });
  await play(page, "B");
  await heard(page, "some of it", (now) => now.position_frames > 6 * 16_000);
  assert.equal((await server.json("/api/history")).total, 0);
  await page.goto("about:blank");
  const [one] = await until("it is told", async () => {
    const { items } = await server.json("/api/history");
    return items.length > 0 ? items : null;
  });
  assert.equal(one.track.title, "B");
  assert.ok(!one.counted && one.listened_s >= 5);
});

/** Waits until a track is heard by the plan of this character: one that is checked meanwhile becomes another. */
const sounds = (page, server, what, { track_id, preset }) =>
  until(what, async () => {
    const { id } = await server.json(`/api/tracks/${track_id}/plan?preset=${preset}`);
    const now = await stats(page);
    return now.track_id === track_id && now.enhanced && now.plan_id === id;
  });

test("always original here is heard when that track plays, and forgotten with a click", async (t) => {
  const { server, page } = await house(t);
  await play(page, "B");
  const usual = await heard(page, "enhanced", (now) => now.enhanced && now.plan_id !== null);
  await page.getByRole("button", { name: "Always original here" }).click();
  await heard(page, "the original", (now) => now.compare === "original");
  await page.getByText("Always original here.").waitFor();
  assert.deepEqual(await server.json(`/api/tracks/${usual.track_id}/taste`), { enhanced: false });
  await play(page, "A");
  await heard(page, "others are enhanced", (now) => now.track_id !== usual.track_id && now.enhanced);
  await play(page, "B");
  await heard(page, "again the original", (now) => now.track_id === usual.track_id && now.compare === "original");
  await page.getByRole("button", { name: "Forget", exact: true }).click();
  await heard(page, "enhanced again", (now) => now.enhanced);

  // As it is wished now, for the whole album; what is wished of others is something else.
  await page.evaluate(() => window.auralis.setPreset("warm"));
  await sounds(page, server, "the warm plan", { track_id: usual.track_id, preset: "warm" });
  await page.getByLabel("For the whole album").check();
  await page.getByRole("button", { name: "Always like this here" }).click();
  await page.getByText(/Always so here: Warm/).waitFor();
  await page.evaluate(() => window.auralis.setPreset("night"));
  await play(page, "A");
  await page.getByText(/Always so here: Warm/).waitFor();
  const other = await heard(page, "another", (now) => now.track_id !== null && now.track_id !== usual.track_id);
  await sounds(page, server, "its plan", { track_id: other.track_id, preset: "warm" });
  await play(page, "B");
  await sounds(page, server, "warm as remembered", { track_id: usual.track_id, preset: "warm" });
  await page.getByRole("button", { name: "Forget", exact: true }).click();
  await sounds(page, server, "as all others", { track_id: usual.track_id, preset: "night" });
});
