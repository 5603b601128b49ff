// The search: what is found beside tracks, what is wrong with a rule, and how it is learnt.
import assert from "node:assert/strict";
import { test } from "node:test";
import { browse, open, serve, tagged, until } from "./house.mjs";

const SONGS = [
  { title: "So What", artist: "Miles Davis", album: "Kind of Blue", genre: "Jazz", year: "1959" },
  { title: "Blue", artist: "Joni Mitchell", album: "Blue", genre: "Folk", year: "1971" },
  { title: "Help", artist: "The Beatles", album: "Help", genre: "Rock", year: "1965" },
];

async function house(t) {
  const server = await serve(t, { library: tagged(t, SONGS) });
  await until("all tracks", async () => (await server.json("/api/tracks")).total === SONGS.length);
  const page = await open(await browse(t), server.url);
  await page.locator("[role=row][data-track]").nth(2).waitFor();
  return { server, page, field: page.getByRole("searchbox", { name: "Search" }) };
}

const titles = (page) => page.locator("[role=row][data-track] .c-title strong").allTextContents();
const shows = (page, wanted) => until(`${wanted}`, async () => String(await titles(page)) === String(wanted), 10_000);

test("words find artists, albums and tracks, the best first", async (t) => {
  const { page, field } = await house(t);
  await page.keyboard.press("/");
  await page.keyboard.type("blue");
  await shows(page, ["Blue", "So What"]);
  const albums = page.getByRole("list", { name: "Albums found" });
  assert.deepEqual((await albums.locator("strong").allTextContents()).sort(), ["Blue", "Kind of Blue"]);
  await field.fill("joni");
  await page.getByRole("list", { name: "Artists found" }).getByRole("link", { name: "Joni Mitchell" }).waitFor();
  // What is looked for stands in the address: a reload finds it again.
  await page.reload();
  await shows(page, ["Blue"]);
  assert.equal(await field.inputValue(), "joni");
  await page.getByRole("list", { name: "Artists found" }).getByRole("link", { name: "Joni Mitchell" }).click();
  await page.getByRole("heading", { name: "Joni Mitchell" }).waitFor();
  assert.equal(await field.inputValue(), "");
  await page.goBack();
  await until("the words are back", async () => (await field.inputValue()) === "joni");
  await field.press("Escape");
  await until("all again", async () => (await titles(page)).length === 3);
});

test("a rule filters; what is wrong with one is marked, and the list stays", async (t) => {
  const { page, field } = await house(t);
  await field.fill("year:<1970 -genre:rock");
  await shows(page, ["So What"]);
  await field.fill("year:<1970 yeer:2");
  await page.getByText(/there is no field yeer/).waitFor();
  assert.equal(await page.locator(".wrong mark").textContent(), "y");
  assert.equal(await page.locator(".wrong-rule").textContent(), "year:<1970 yeer:2");
  assert.equal(await field.getAttribute("aria-invalid"), "true");
  assert.deepEqual(await titles(page), ["So What"]);
  // The character is counted as a person does, whatever JavaScript makes of it.
  await field.fill("\u{1F3B5}\u{1F3B6}x yeer:2");
  await until("the mark is behind them", async () => (await page.locator(".wrong-rule").textContent()) === "\u{1F3B5}\u{1F3B6}x yeer:2");
  assert.equal(await page.locator(".wrong mark").textContent(), "y");
  await field.fill("year:<1970");
  await shows(page, ["Help", "So What"]);
  assert.equal(await page.locator(".wrong").count(), 0);
});

test("from any view a word searches, and how to search is told", async (t) => {
  const { page, field } = await house(t);
  await page.getByRole("link", { name: "Albums", exact: true }).click();
  await page.locator(".cell a").first().waitFor();
  await field.fill("help");
  await shows(page, ["Help"]);
  await page.goBack();
  await page.locator(".cell a").first().waitFor();
  await page.getByRole("button", { name: "How to search" }).click();
  await page.getByRole("region", { name: "How to search" }).getByText("year:1959").waitFor();
  await page.keyboard.press("/");
  await page.keyboard.press("Escape");
  await page.getByRole("region", { name: "How to search" }).waitFor({ state: "detached" });
});
