// Copies: asked for in the page, followed by what the server tells, downloaded, cancelled, removed. One server
// and one browser for all; each test goes on where the one before ended.
import assert from "node:assert/strict";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { browse, compared, looked_at, LOOKS, measured, native, open, planes_of, serve, tagged, until } from "./house.mjs";

const SONGS = ["River", "Blue", "Torn"].map((title) => ({ title, artist: "Joni", album: "Rooms" }));
/** Long enough to be looked at while it is made. */
const MANY = 1_000;
/** MiB that jobs may take: the long one as FLAC, not as floats. */
const ROOM = 2_400;

const row = (page, title) => page.locator("[data-track]", { has: page.locator(".c-title strong", { hasText: new RegExp(`^${title}$`) }) });
const sheet = (page) => page.getByRole("dialog", { name: "Save enhanced" });
const copies = (page) => page.getByRole("list", { name: "Copies" });
const copy = (page, name) => copies(page).getByRole("listitem").filter({ has: page.locator(`strong[title="${name}"]`) });
const names = (page) => copies(page).locator(".copy > strong").allTextContents();
const way = (page) => page.getByRole("navigation", { name: "Library" }).getByRole("link", { name: /^Copies/ });
const focused = (page) => page.evaluate(() => document.activeElement?.getAttribute("aria-label") ?? document.activeElement?.tagName);
const go = (page, hash) => page.evaluate((hash) => (location.hash = hash), hash);

async function by_menu(page, title) {
  await row(page, title).click({ button: "right" });
  await page.getByRole("menuitem", { name: "Save enhanced…" }).click();
}

test("copies", async (t) => {
  const music = tagged(t, SONGS, { seconds: 20 });
  const server = await serve(t, { library: music, args: ["--no-watch", "--jobs-disk", String(ROOM)] });
  const tracks = await measured(server, SONGS.length);
  const browser = await browse(t);
  const [page, other] = await Promise.all([open(browser, server.url), open(browser, server.url)]);
  for (const each of [page, other]) each.setDefaultTimeout(10_000);
  const post = (path, body) =>
    fetch(server.url + path, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });
  const id_of = (title) => tracks.find((track) => track.title === title).id;

  await t.test("a track is asked for by the keyboard, and its file has the frames that are heard", async () => {
    await row(page, "River").waitFor();
    assert.equal(await way(page).count(), 0, "where there are no copies there is no way to them");
    await page.evaluate(() => Promise.all([window.auralis.setPreset("warm"), window.auralis.setIntensity(0.8)]));
    await page.locator(".tracks").focus();
    const at = tracks.findIndex(({ title }) => title === "River");
    for (let n = 0; n < at; n++) await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Shift+F10");
    await page.getByRole("menu", { name: "River" }).waitFor();
    for (let n = 0; n < 3; n++) await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Enter");
    await sheet(page).getByText("As enhanced now: Warm, at 80\u2009%, −14.0\u2009LUFS").waitFor();
    await until("the choice of formats has the keyboard", async () => (await focused(page)) === "SELECT", 5_000);
    await sheet(page).getByText(/^One file, 01 River\.flac, of .* at most\.$/).waitFor();
    // Escape leaves all as it was, and the keyboard where it was.
    await page.keyboard.press("Escape");
    await sheet(page).waitFor({ state: "detached" });
    await until("the list has the keyboard", async () => (await focused(page)) === "Tracks", 5_000);
    await page.keyboard.press("Shift+F10");
    for (let n = 0; n < 3; n++) await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Enter");
    await until("the choice of formats has the keyboard", async () => (await focused(page)) === "SELECT", 5_000);
    // The last but one, by arrows as in any list of choices.
    await page.keyboard.press("End");
    await page.keyboard.press("ArrowUp");
    await sheet(page).getByText(/^One file, 01 River\.wav/).waitFor();
    for (let n = 0; n < 2; n++) await page.keyboard.press("Tab");
    await page.getByRole("button", { name: "Make the file" }).and(page.locator(":focus")).waitFor();
    await page.keyboard.press("Enter");
    await page.getByText(/^01 River\.wav is (being made|ready)\.$/).waitFor();
    await until("the list has the keyboard", async () => (await focused(page)) === "Tracks", 5_000);
    await page.getByText("01 River.wav is ready.").waitFor();
    await page.getByRole("link", { name: "Show copies" }).click();
    const one = copy(page, "01 River.wav");
    await one.getByText("Ready").waitFor();
    await one.getByText(/· kept until \d/).waitFor();
    const [download] = await Promise.all([page.waitForEvent("download"), one.getByRole("link", { name: "Download 01 River.wav" }).click()]);
    assert.equal(download.suggestedFilename(), "01 River.wav");
    const bytes = readFileSync(await download.path());
    const [job] = (await server.json("/api/jobs")).items;
    const served = Buffer.from(await (await fetch(`${server.url}/api/jobs/${job.id}/file`)).arrayBuffer());
    assert.ok(bytes.equals(served), "the download is the server's file");
    const planes = planes_of(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
    await until("the stream has the copy's frames", async () => {
      const whole = await native(server, id_of("River"), { preset: "warm", intensity: "0.8" });
      assert.equal(planes[0].length, whole[0].length);
      try {
        compared({ frame: 0, planes }, whole, { to_the_bit: true });
        return true;
      } catch {
        // What a rendering taught of the promise is heard a moment later.
        return false;
      }
    }, 10_000);
    const original = await native(server, id_of("River"), { enhanced: "false" });
    assert.throws(() => compared({ frame: 0, planes }, original, { to_the_bit: true }), /differ/, "a copy is enhanced");
  });

  await t.test("one that fails tells why", async () => {
    const torn = readdirSync(music).find((name) => name.startsWith("0003"));
    writeFileSync(join(music, torn), "no sound any more");
    await go(page, "#/tracks");
    await by_menu(page, "Torn");
    await sheet(page).getByText(/^One file/).waitFor();
    await sheet(page).getByRole("button", { name: "Make the file" }).click();
    await page.getByText("03 Torn.flac could not be made.").waitFor();
    await way(page).click();
    await copy(page, "03 Torn.flac").getByText("Failed").waitFor();
    await copy(page, "03 Torn.flac").getByText(/Torn: the file changed since it was scanned/).waitFor();
    assert.deepEqual(await names(page), ["03 Torn.flac", "01 River.wav"]);
  });

  await t.test("an album is asked for as a whole, and what is remembered of one of its tracks is left out", async () => {
    const taste = (method, body) =>
      fetch(`${server.url}/api/tracks/${id_of("Blue")}/taste`, { method, headers: { "content-type": "application/json" }, body });
    await taste("PUT", JSON.stringify({ enhanced: true, preset: "night" }));
    await go(page, `#/album/${tracks[0].album_id}`);
    const key = page.getByRole("button", { name: "Save enhanced…" });
    await key.click();
    await sheet(page).getByText(/^A ZIP of 3\u00a0files, Rooms\.zip, of/).waitFor();
    await sheet(page).getByText(/what is remembered of single tracks is left out/).waitFor();
    await sheet(page).getByText("As enhanced now: Warm, at 80\u2009%").waitFor();
    await sheet(page).getByRole("button", { name: "Close" }).click();
    await key.and(page.locator(":focus")).waitFor();
    // Alone it is saved as it always sounds.
    await go(page, "#/tracks");
    await row(page, "Torn").waitFor();
    await by_menu(page, "Blue");
    await sheet(page).getByText("As enhanced now: Night, at 80\u2009%").waitFor();
    await page.keyboard.press("Escape");
    await taste("DELETE");
  });

  await t.test("a playlist becomes a ZIP with names of one's own, and goes in two pages without being asked for", async () => {
    const many = Array.from({ length: MANY }, (_, n) => id_of(n % 2 === 0 ? "River" : "Blue"));
    const made = await (await post("/api/playlists", { name: "Long", track_ids: many })).json();
    await go(page, `#/playlist/${made.id}`);
    await page.getByRole("button", { name: "Save enhanced…" }).click();
    await sheet(page).getByText(/^A ZIP of 1,000\u00a0files, Long\.zip, of/).waitFor();
    // What the room does not hold is refused in the server's words.
    await sheet(page).getByLabel("Format").selectOption("WAV, 32\u2009bit float");
    await sheet(page).getByRole("button", { name: "Make the ZIP" }).click();
    await sheet(page).getByRole("alert").getByText(/this job may take .* --jobs-disk/).waitFor();
    assert.equal((await server.json("/api/jobs")).total, 2);
    await sheet(page).getByLabel("Format").selectOption("FLAC, as deep as the source");
    await sheet(page).getByText("More", { exact: true }).click();
    await sheet(page).getByText("Joni/Rooms/01 River.flac").waitFor();
    await sheet(page).getByLabel("File names").fill("{titel}");
    await sheet(page).getByText(/there is no field "titel"; there are /).waitFor();
    assert.equal(await sheet(page).getByLabel("File names").getAttribute("aria-invalid"), "true");
    assert.equal(await sheet(page).locator("button[type=submit]").isDisabled(), true);
    await sheet(page).getByLabel("File names").fill("{number:04} {title}");
    await sheet(page).getByText("0001 River.flac").waitFor();
    await go(other, "#/copies");
    await copy(other, "01 River.wav").waitFor();
    const asked = [];
    other.on("request", (request) => request.url().includes("/api/jobs") && asked.push(request.url()));
    await sheet(page).getByRole("button", { name: "Make the ZIP" }).click();
    await page.getByText("Long.zip is being made.").waitFor();
    const bar = other.getByRole("progressbar", { name: "Long.zip" });
    const now = async () => Number(await bar.getAttribute("aria-valuenow"));
    await bar.waitFor();
    const from = await now();
    await until("it goes on", async () => (await now()) >= from + 2, 20_000);
    assert.match(await bar.getAttribute("aria-valuetext"), /^\d+\u2009%, \d+\u2009× real time, \d+\u2009(s|min) left$/);
    await until("the way to it says how far it is", async () => /^Copies \d+\u2009%$/.test(await way(page).textContent()), 5_000);
    // Once that it came, once that it began, and once more where both came while it was asked.
    assert.ok(asked.length <= 3, `it goes by events: ${asked}`);
  });

  for (const [name, options] of LOOKS) {
    await t.test(`the sheet and the list break no rule: ${name}`, async () => {
      const looks = await open(browser, `${server.url}/#/copies`, options);
      looks.setDefaultTimeout(10_000);
      await looks.getByRole("progressbar").waitFor();
      await looked_at(looks, `${name}-copies`);
      if (name.startsWith("pocket")) await fingers(looks, ".copy .key");
      await go(looks, "#/tracks");
      await row(looks, "Blue").waitFor();
      await by_menu(looks, "Blue");
      await sheet(looks).getByLabel("Format").selectOption("Opus");
      await sheet(looks).getByText("More", { exact: true }).click();
      await sheet(looks).getByText(/^One file, 02 Blue\.opus/).waitFor();
      await looked_at(looks, `${name}-save`);
      if (name.startsWith("pocket")) await fingers(looks, ".save-sheet :is(select, input, summary, .key)");
      if (name.startsWith("pocket")) {
        await sheet(looks).getByRole("button", { name: "Make the file" }).click();
        await looks.getByRole("link", { name: "Show copies" }).waitFor();
        await looked_at(looks, `${name}-asked`);
        await fingers(looks, ".copies-banner :is(a, button)");
        const [{ id }] = (await server.json("/api/jobs")).items;
        await fetch(`${server.url}/api/jobs/${id}`, { method: "DELETE" });
      }
      assert.deepEqual(looks.complaints, []);
      await looks.context().close();
    });
  }

  await t.test("a running one is cancelled by the keyboard, and the next one tells what is not in it", async () => {
    const made = await (await post("/api/playlists", { name: "Mixed", track_ids: [id_of("Blue"), id_of("Torn")] })).json();
    await post("/api/jobs", { of: "playlists", ids: [made.id] });
    await go(page, "#/copies");
    await copy(page, "Mixed.zip").getByText("Waits for its turn").waitFor();
    await page.getByRole("button", { name: "Cancel Long.zip" }).focus();
    await page.keyboard.press("Enter");
    for (const each of [page, other]) await copy(each, "Long.zip").getByText("Cancelled").waitFor();
    await until("the key to remove it has the keyboard", async () => (await focused(page)) === "Remove Long.zip", 5_000);
    for (const each of [page, other]) await copy(each, "Mixed.zip").getByText("Ready").waitFor();
    await copy(page, "Mixed.zip").getByText("could not be made").click();
    await copy(page, "Mixed.zip").getByText("Torn: the file changed since it was scanned").waitFor();
  });

  await t.test("all is there after a reload, and what is removed is gone everywhere", async () => {
    await page.reload();
    await copy(page, "01 River.wav").getByText("Ready").waitFor();
    assert.deepEqual(await names(page), ["Mixed.zip", "Long.zip", "03 Torn.flac", "01 River.wav"]);
    await copy(page, "03 Torn.flac").getByText(/the file changed/).waitFor();
    const asked = [];
    let answer = false;
    page.on("dialog", (dialog) => {
      asked.push(dialog.message());
      return answer ? dialog.accept() : dialog.dismiss();
    });
    const remove = (name) => page.getByRole("button", { name: `Remove ${name}` });
    // Nothing is lost with these.
    await remove("Long.zip").press("Enter");
    await copy(other, "Long.zip").waitFor({ state: "detached" });
    await until("the next row has the keyboard", async () => (await focused(page)) === "Remove 03 Torn.flac", 5_000);
    await remove("03 Torn.flac").click();
    await copy(other, "03 Torn.flac").waitFor({ state: "detached" });
    assert.deepEqual(asked, []);
    await remove("01 River.wav").click();
    assert.deepEqual([asked.length, (await server.json("/api/jobs")).total], [1, 2], "no is no");
    answer = true;
    await remove("01 River.wav").click();
    await copy(other, "01 River.wav").waitFor({ state: "detached" });
    await remove("Mixed.zip").click();
    for (const each of [page, other]) await each.getByText("No copies yet").waitFor();
    await until("no file of them is left", () => readdirSync(join(server.data, "jobs")).length === 0, 5_000);
    await go(page, "#/tracks");
    await way(page).waitFor({ state: "detached" });
  });

  await t.test("who asks for too much at once is told so, and when to come again", async () => {
    await row(page, "Blue").waitFor();
    await by_menu(page, "Blue");
    await sheet(page).getByText(/^One file/).waitFor();
    // Another page of the same client takes whatever there is to take.
    let is_told = false;
    const asking = Array.from({ length: 4 }, async () => {
      while (!is_told) await post("/api/jobs", {});
    });
    await until("no more may be asked for", async () => (await post("/api/jobs", {})).status === 429);
    await sheet(page).getByRole("button", { name: "Make the file" }).click();
    await sheet(page).getByRole("alert").getByText(/too many jobs were asked for: .* ask again in \d+ s/).waitFor();
    is_told = true;
    await Promise.all(asking);
    page.complaints = page.complaints.filter((said) => !/ 507 | 429 | 422 /.test(said));
    assert.deepEqual([...page.complaints, ...other.complaints], []);
  });
});

/** Whatever is pressed by a finger is 44 px high at least. */
async function fingers(page, keys) {
  const small = await page.locator(keys).evaluateAll((all) => all.filter((key) => key.getBoundingClientRect().height < 44).map((key) => key.outerHTML));
  assert.deepEqual(small, []);
}
