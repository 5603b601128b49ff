// Playlists: made, filled, put in order, called otherwise, deleted; made by a rule; to files and from files.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { browse, heard, open, serve, tagged, until } from "./house.mjs";

const SONGS = ["A", "B", "C", "D"].map((title, i) => ({ title, artist: "One", album: "Rooms", genre: i < 2 ? "Jazz" : "Folk" }));

async function house(t) {
  const server = await serve(t, { library: tagged(t, SONGS) });
  await until("all measured", async () => (await server.json("/api/tracks?q=is:measured")).total === SONGS.length);
  const page = await open(await browse(t), server.url);
  await row(page, "A").waitFor();
  const lists = async () => {
    const { items, total } = await server.json("/api/playlists?limit=500");
    return total > 500 ? [...items, ...(await server.json("/api/playlists?limit=500&offset=500")).items] : items;
  };
  const has = (name, titles) =>
    until(`${name} has ${titles}`, async () => {
      const one = (await lists()).find((one) => one.name === name);
      if (!one) return false;
      const { items } = await server.json(`/api/playlists/${one.id}/items`);
      return items.map(({ track }) => track.title).join("") === titles;
    }, 10_000);
  return { server, page, lists, has };
}

const row = (page, title) => page.locator("[data-track] .c-title strong", { hasText: new RegExp(`^${title}$`) });
const titles = async (page) => (await page.locator("[data-track] .c-title strong").allTextContents()).join("");
const shows = (page, wanted) => until(`the list has ${wanted}`, async () => (await titles(page)) === wanted, 10_000);
const way = (page) => page.getByRole("navigation", { name: "Library" }).getByRole("link", { name: "Playlists", exact: true });
const dialog = (page, name) => page.getByRole("dialog", { name });
const add = async (page, title) => {
  await row(page, title).click({ button: "right" });
  await page.getByRole("menu").getByRole("menuitem", { name: "Add to a playlist…" }).click();
};

test("one is put together from rows, in an order of its own, and undone, renamed, deleted", async (t) => {
  const { page, lists, has } = await house(t);
  await add(page, "B");
  await dialog(page, "Add to a playlist").getByRole("button", { name: "New playlist…" }).click();
  await dialog(page, "New playlist").getByLabel("Name").fill("<b>Mine</b>");
  await page.keyboard.press("Enter");
  await has("<b>Mine</b>", "B");
  for (const title of ["A", "D"]) {
    await add(page, title);
    await dialog(page, "Add to a playlist").getByRole("button", { name: "<b>Mine</b>" }).click();
    await page.getByText("Added to <b>Mine</b>.").waitFor();
  }
  await has("<b>Mine</b>", "BAD");
  await way(page).click();
  await page.getByRole("list", { name: "Playlists" }).getByRole("link", { name: "<b>Mine</b>" }).click();
  await shows(page, "BAD");
  await page.locator(".tracks").focus();
  await page.keyboard.press("Alt+ArrowDown");
  await has("<b>Mine</b>", "ABD");
  await shows(page, "ABD");
  await page.keyboard.press("Delete");
  await has("<b>Mine</b>", "AD");
  await shows(page, "AD");
  await page.getByRole("button", { name: "Undo", exact: true }).click();
  await has("<b>Mine</b>", "ABD");
  await page.getByRole("button", { name: "Play <b>Mine</b>" }).click();
  await heard(page, "it plays", (now) => now.track_id !== null);

  await page.getByRole("button", { name: "Rename" }).click();
  await dialog(page, "Edit the playlist").getByLabel("Name").fill("Ours");
  await dialog(page, "Edit the playlist").getByRole("button", { name: "Keep it" }).click();
  await page.getByRole("heading", { name: "Ours" }).waitFor();
  // Deleting asks; no is no.
  page.once("dialog", (asked) => asked.dismiss());
  await page.getByRole("button", { name: "Delete" }).click();
  assert.equal((await lists()).length, 1);
  page.once("dialog", (asked) => asked.accept());
  await page.getByRole("button", { name: "Delete" }).click();
  await page.getByText("No playlists yet").waitFor();
  assert.deepEqual(await lists(), []);
  assert.deepEqual(page.complaints, []);
});

test("of hundreds any one is found to take a track, by some letters of its name", async (t) => {
  const { server, page, has } = await house(t);
  const make = (told) =>
    fetch(`${server.url}/api/playlists`, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(told) });
  for (let n = 0; n < 610; n++) await make({ name: `List ${String(n).padStart(3, "0")}` });
  await make({ name: "Rule ü", rule: "genre:jazz" });
  await make({ name: "Zürich <i>by</i> night" });
  await add(page, "B");
  const sheet = dialog(page, "Add to a playlist");
  await sheet.getByText(/^100 of 611\u00a0playlists/).waitFor();
  await page.keyboard.type("night ZUR");
  await sheet.getByText("1\u00a0playlist", { exact: true }).waitFor();
  // From the field one key of Tab leads to the list, arrows on to the next.
  await page.keyboard.press("Tab");
  await sheet.getByRole("button", { name: "New playlist…" }).and(page.locator(":focus")).waitFor();
  assert.equal(await sheet.locator('ul button[tabindex="0"]').count(), 1);
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  await has("Zürich <i>by</i> night", "B");
  await add(page, "C");
  await page.keyboard.type("list 605");
  await sheet.getByRole("button", { name: "List 605" }).click();
  await has("List 605", "C");
  // One made by a rule takes none; one that is not there is made.
  await add(page, "D");
  await page.keyboard.type("Rule ü");
  await sheet.getByText("No playlist is called “Rule ü”.").waitFor();
  await sheet.getByRole("button", { name: "New playlist…" }).click();
  assert.equal(await dialog(page, "New playlist").getByLabel("Name").inputValue(), "Rule ü");
  assert.deepEqual(page.complaints, []);
});

test("one made by a rule counts while it is typed, and says what is wrong", async (t) => {
  const { page, has } = await house(t);
  await way(page).click();
  await page.getByRole("button", { name: "New by rule" }).click();
  const form = dialog(page, "New playlist by rule");
  await form.getByLabel("Name").fill("Jazz");
  await form.getByText("All 4\u00a0tracks").waitFor();
  await form.getByLabel("Rule").fill("genre:jazz");
  await form.getByText("2\u00a0tracks now").waitFor();
  await form.getByLabel("Rule").fill("genre:jazz yeer:1");
  await form.getByText(/there is no field yeer/).waitFor();
  assert.equal(await form.locator("mark").textContent(), "y");
  assert.equal(await form.getByRole("button", { name: "Make it" }).isDisabled(), true);
  await form.getByLabel("Rule").fill("genre:jazz");
  await form.getByText("2\u00a0tracks now").waitFor();
  await form.getByRole("button", { name: "Make it" }).click();
  await page.getByRole("heading", { name: "Jazz" }).waitFor();
  await has("Jazz", "AB");
  // What makes itself is not put in order by hand.
  await shows(page, "AB");
  assert.equal(await page.locator(".grip").count(), 0);
  await page.getByRole("button", { name: "Edit" }).click();
  await dialog(page, "Edit the playlist").getByLabel("Rule").fill("genre:folk");
  await dialog(page, "Edit the playlist").getByRole("button", { name: "Keep it" }).click();
  await shows(page, "CD");
});

test("a playlist goes to a file and comes back from it", async (t) => {
  const { page, has } = await house(t);
  await add(page, "C");
  await dialog(page, "Add to a playlist").getByRole("button", { name: "New playlist…" }).click();
  await dialog(page, "New playlist").getByLabel("Name").fill("Out");
  await page.keyboard.press("Enter");
  await has("Out", "C");
  await way(page).click();
  await page.getByRole("list", { name: "Playlists" }).getByRole("link", { name: "Out" }).click();
  const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("link", { name: "Export" }).click()]);
  assert.equal(download.suggestedFilename(), "Out.m3u8");
  const text = readFileSync(await download.path(), "utf8");
  assert.match(text, /0003\.wav/);
  await way(page).click();
  await page.getByLabel("Playlist file").setInputFiles({ name: "In.m3u8", mimeType: "audio/x-mpegurl", buffer: Buffer.from(`${text}\nnowhere.flac\n`) });
  await page.getByText(/1\u00a0file of In.m3u8 is not in the library: nowhere.flac/).waitFor();
  await page.getByRole("heading", { name: "In" }).waitFor();
  await has("In", "C");
});
