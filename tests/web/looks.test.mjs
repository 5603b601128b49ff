// The page as it looks: light and dark, on a desk and in a pocket; pictures go to target/screens. The
// rules for people who cannot see it are checked on each.
import { test } from "node:test";
import { browse, heard, looked_at, measured, open, serve, tagged } from "./house.mjs";

const SIZES = { desk: { width: 1280, height: 800 }, pocket: { width: 390, height: 844 } };

test("light and dark, desk and pocket, playing, break no rule of accessibility", async (t) => {
  const server = await serve(t);
  await measured(server, 6);
  const browser = await browse(t);
  for (const colorScheme of ["light", "dark"]) {
    for (const [size, viewport] of Object.entries(SIZES)) {
      const page = await open(browser, server.url, { colorScheme, viewport, bypassCSP: true });
      await page.locator("[data-track] .c-title").nth(1).click();
      await heard(page, "it plays", (now) => now.position_frames > 48_000 && now.plan_id !== null);
      const looks = (name) => looked_at(page, `${size}-${colorScheme}${name}`);
      await looks("");
      if (size === "desk") {
        await page.locator(".similar").scrollIntoViewIfNeeded();
        await looks("-similar");
      }
      // What is wished beyond the preset, and the choice of a track to sound like.
      if (size === "pocket") await page.getByRole("button", { name: /Open the player/ }).click();
      else await page.getByRole("button", { name: /^Loudness, album, sound like/ }).click();
      await page.getByRole("switch", { name: /One gain for the album/ }).click();
      await page.getByRole("button", { name: "Make it sound like…" }).click();
      await page.locator(".choice").nth(5).waitFor();
      await looks("-like");
      await page.locator(".choice").nth(2).click();
      await page.locator(".like strong").waitFor();
      await looks("-wishes");
      await page.context().close();
    }
  }
});

test("every way through the library breaks no rule of accessibility", async (t) => {
  const songs = ["So What", "River", "Help", "<b>Bold</b>"].map((title, i) => ({
    title, artist: ["Miles Davis", "Joni Mitchell", "A band whose name goes on for longer than any row is wide", "نسيم"][i],
    album: `Album ${i}`, genre: ["Jazz", "Folk"][i % 2], year: String(1959 + i),
  }));
  const server = await serve(t, { library: tagged(t, songs, { seconds: 20 }) });
  const tracks = await measured(server, 4);
  const put = (path, method, body) =>
    fetch(server.url + path, { method, headers: { "content-type": "application/json" }, body: body && JSON.stringify(body) });
  const made = await (await put("/api/playlists", "POST", { name: "Mine", track_ids: tracks.map(({ id }) => id) })).json();
  await put(`/api/favorites/${tracks[1].id}`, "PUT");
  const { artist_ids, album_id } = tracks[0];
  const genre = (await server.json("/api/genres")).items[0].id;
  const places = {
    tracks: "tracks", albums: "albums", artists: "artists", genres: "genres", playlists: "playlists", folders: "folders", statistics: "statistics", favourites: "favourites", history: "history",
    album: `album/${album_id}`, artist: `artist/${artist_ids[0]}`, genre: `genre/${genre}`, playlist: `playlist/${made.id}`, search: "tracks?q=miles",
  };
  const browser = await browse(t);
  for (const [size, colorScheme] of [["desk", "light"], ["pocket", "dark"]]) {
    const page = await open(browser, server.url, { colorScheme, viewport: SIZES[size], bypassCSP: true });
    await page.locator("[data-track] .c-title strong").first().click();
    await heard(page, "it plays", (now) => now.plan_id !== null && now.position_frames > 0);
    await page.evaluate(() => window.auralis.pause());
    for (const [name, hash] of Object.entries(places)) {
      await page.evaluate((hash) => (location.hash = `#/${hash}`), hash);
      await page.locator({ albums: ".albums .cell a", artists: ".names .cell a", genres: ".names .cell a", playlists: ".lists .cell a", history: ".hint", folders: ".names .cell a", statistics: ".chart" }[name] ?? "[data-track]").first().waitFor();
      await looked_at(page, `${size}-${name}`);
    }
    await page.locator(".tracks").focus();
    await page.keyboard.press("Shift+F10");
    await page.getByRole("menu").waitFor();
    await looked_at(page, `${size}-menu`);
    await page.getByRole("menuitem", { name: "Add to a playlist…" }).click();
    await page.getByRole("dialog", { name: "Add to a playlist" }).getByRole("button", { name: "Mine" }).waitFor();
    await looked_at(page, `${size}-choose`);
    await page.keyboard.press("Escape");
    await page.keyboard.press("q");
    await page.getByRole("dialog", { name: "Queue" }).locator("[data-track]").first().waitFor();
    await looked_at(page, `${size}-queue`);
    await page.context().close();
  }
});
