// The queue is the server's: what a click makes of it, how it is changed, and that every page has the same.
import assert from "node:assert/strict";
import { test } from "node:test";
import { browse, heard, open, serve, tagged, until } from "./house.mjs";

const TITLES = ["A", "B", "C", "D"];

async function house(t, { seconds = 20 } = {}) {
  const server = await serve(t, { library: tagged(t, TITLES.map((title) => ({ title, artist: "One", album: "Rooms" })), { seconds }) });
  await until("all measured", async () => (await server.json("/api/tracks?q=is:measured")).total === TITLES.length);
  const browser = await browse(t);
  const page = await open(browser, server.url);
  await row(page, "A").waitFor();
  const queue = async () => {
    const told = await server.json("/api/queue?limit=500");
    return { ...told, titles: told.items.map(({ track }) => track.title).join(""), now: told.items[told.at_index]?.track.title };
  };
  const queued = (titles, now) =>
    until(`${titles} at ${now}`, async () => {
      const told = await queue();
      return told.titles === titles && told.now === now ? told : null;
    }, 10_000).catch(async (error) => {
      const { titles, now } = await queue();
      throw new Error(`${error.message}; it is ${titles} at ${now}`);
    });
  return { server, browser, page, queue, queued };
}

const row = (page, title) => page.getByRole("grid", { name: "Tracks" }).locator("[data-track] .c-title strong", { hasText: new RegExp(`^${title}$`) });
const on_deck = (page, title) => page.locator(".now-playing strong", { hasText: new RegExp(`^${title}$`) }).waitFor();
const sheet = (page) => page.getByRole("dialog", { name: "Queue" });
const in_sheet = async (page) => (await sheet(page).locator("[data-track] .c-title strong").allTextContents()).join("");
const choose = async (page, title, words) => {
  await row(page, title).click({ button: "right" });
  await page.getByRole("menu").getByRole("menuitem", { name: words }).click();
};

test("a click makes the list the queue, and a reload finds it where it was, silent", async (t) => {
  const { page, queued } = await house(t);
  await row(page, "B").click();
  await heard(page, "it plays", (now) => now.track_id !== null && now.position_frames > 0);
  await queued("ABCD", "B");
  await page.evaluate(() => window.auralis.seek(9 * 16_000));
  await page.evaluate(() => window.auralis.pause());
  const told = await until("where it is", async () => {
    const { position_s } = await queued("ABCD", "B");
    return position_s >= 9 ? position_s : null;
  });
  await page.reload();
  await on_deck(page, "B");
  // Nothing was begun, and the place is shown.
  assert.equal((await page.evaluate(() => window.auralis.stats())).track_id, null);
  assert.ok(Number(await page.getByRole("slider", { name: "Position" }).getAttribute("aria-valuenow")) >= Math.floor(told) - 1);
  await page.getByRole("button", { name: "Play", exact: true }).click();
  const now = await heard(page, "it goes on from there", (now) => now.track_id !== null && now.position_frames > 0);
  assert.ok(now.position_frames >= 9 * 16_000, `${now.position_frames} frames`);
  await page.getByRole("button", { name: "Next track" }).click();
  await queued("ABCD", "C");
  await page.getByRole("button", { name: "Previous track" }).click();
  await queued("ABCD", "B");
});

test("tracks are put next and at the end, elsewhere and out, and back", async (t) => {
  const { page, queued } = await house(t);
  await row(page, "B").click();
  await queued("ABCD", "B");
  await choose(page, "D", "Play next");
  await queued("ABDCD", "B");
  await choose(page, "A", "Add to queue");
  await queued("ABDCDA", "B");

  await page.keyboard.press("q");
  await until("the sheet has it", async () => (await in_sheet(page)) === "ABDCDA");
  // By keyboard: the first one down, the next out.
  await page.keyboard.press("Alt+ArrowDown");
  await queued("BADCDA", "B");
  await until("the sheet follows", async () => (await in_sheet(page)) === "BADCDA");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Delete");
  await queued("BACDA", "B");
  await sheet(page).getByRole("button", { name: "Undo" }).click();
  await queued("BADCDA", "B");
  await until("the sheet follows", async () => (await in_sheet(page)) === "BADCDA");
  // By its grip: the last one to the front.
  const grips = sheet(page).locator(".grip");
  const [from, to] = [await grips.nth(5).boundingBox(), await grips.nth(0).boundingBox()];
  await page.mouse.move(from.x + 4, from.y + from.height / 2);
  await page.mouse.down();
  await page.mouse.move(from.x + 4, from.y - 40, { steps: 4 });
  await page.mouse.move(to.x + 4, to.y, { steps: 8 });
  await page.mouse.up();
  await queued("ABADCD", "B");
  await until("the sheet follows", async () => (await in_sheet(page)) === "ABADCD");
  await sheet(page).locator("[data-track]").nth(3).getByRole("button", { name: "Take D out" }).click();
  await queued("ABACD", "B");
  assert.deepEqual(page.complaints, []);
});

test("shuffle keeps what plays, and repeat goes round", async (t) => {
  const { page, queue, queued } = await house(t, { seconds: 3 });
  await page.evaluate(() => (location.hash = "#/albums"));
  await page.locator(".cell a").first().click();
  await page.getByRole("button", { name: "Shuffle Rooms" }).click();
  const shuffled = await until("any order", async () => {
    const told = await queue();
    return told.shuffled && told.at_index === 0 && told.total === 4 ? told : null;
  });
  await heard(page, "the first plays", (now) => now.track_id === shuffled.items[0].track.id);
  await page.keyboard.press("q");
  const keys = sheet(page).getByRole("group", { name: "Order" });
  await keys.getByRole("button", { name: "Shuffle" }).and(page.locator("[aria-pressed=true]")).click();
  await queued("ABCD", shuffled.items[0].track.title);
  await keys.getByRole("button", { name: "Repeat: off. Change to all" }).click();
  await keys.getByRole("button", { name: "Repeat: all. Change to one" }).waitFor();
  // Past the last comes the first, unasked.
  await sheet(page).locator("[data-track] .c-title").nth(3).click();
  await queued("ABCD", "D");
  await queued("ABCD", "A");
  await keys.getByRole("button", { name: "Repeat: all. Change to one" }).click();
  await keys.getByRole("button", { name: "Repeat: one. Change to off" }).waitFor();
  const { at } = await queue();
  const begun = await heard(page, "well into it", (now) => now.position_frames > 2 * 16_000);
  await heard(page, "the same from its beginning", (now) => now.track_id === begun.track_id && now.position_frames < 16_000);
  assert.equal((await queue()).at, at);
});

test("a radio goes on past the end by sound", async (t) => {
  const { page, queue, queued } = await house(t, { seconds: 3 });
  await choose(page, "B", "Start a radio with it");
  const told = await until("more than it", async () => {
    const told = await queue();
    return told.repeat === "radio" && told.total === TITLES.length ? told : null;
  });
  assert.equal(told.titles[0], "B");
  assert.deepEqual([...told.titles].sort(), TITLES);
  await queued(told.titles, told.titles[1]);
  await page.keyboard.press("q");
  const key = sheet(page).getByRole("button", { name: "Radio" });
  assert.equal(await key.getAttribute("aria-pressed"), "true");
  await key.click();
  await until("it is off", async () => (await queue()).repeat === "off");
  assert.deepEqual(page.complaints, []);
});

test("a way by sound leads from what plays to another track", async (t) => {
  const { page, queue } = await house(t);
  await row(page, "A").click();
  await heard(page, "it plays", (now) => now.track_id !== null && now.position_frames > 0);
  await row(page, "A").click({ button: "right" });
  assert.equal(await page.getByRole("menuitem", { name: "Lead to it from what plays" }).count(), 0, "it leads nowhere");
  await page.keyboard.press("Escape");
  await choose(page, "D", "Lead to it from what plays");
  await sheet(page).waitFor();
  const { titles, now } = await until("it is queued", async () => {
    const told = await queue();
    return told.total > TITLES.length ? told : null;
  });
  assert.match(titles, /^A[BC]+DBCD$/);
  assert.equal(now, "A");
  await until("the sheet has it", async () => (await in_sheet(page)) === titles);
  assert.deepEqual(page.complaints, []);
});

test("another page has the same queue, and shows what plays until it plays itself", async (t) => {
  const { browser, server, page, queued } = await house(t);
  const other = await open(browser, server.url);
  await row(other, "A").waitFor();
  await row(page, "C").click();
  await queued("ABCD", "C");
  await on_deck(other, "C");
  await other.keyboard.press("q");
  await until("the sheet has it", async () => (await in_sheet(other)) === "ABCD");
  await other.keyboard.press("Delete");
  await queued("BCD", "C");
  await page.keyboard.press("q");
  await until("here too", async () => (await in_sheet(page)) === "BCD");
  const now = await page.evaluate(() => window.auralis.stats());
  assert.ok(now.position_frames > 0, "what plays goes on");
  assert.equal((await other.evaluate(() => window.auralis.stats())).track_id, null, "the other is silent");
});
