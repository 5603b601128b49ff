/** The page: header, list, why panel, deck, and the sheets over them. */
import { useRef } from "preact/hooks";
import { SHORTCUTS } from "../app/keys";
import { address, to_view } from "../app/place";
import { THEMES } from "../app/settings";
import { artists } from "../app/words";
import { AboutSheet } from "./about";
import { Body } from "./body";
import { ChooseSheet } from "./choose";
import { Deck, DeckSheet, PocketDeck } from "./deck";
import { useApp, useHold } from "./hooks";
import { Fault, Keys, Mark, Panel, Theme } from "./icons";
import { LikeSheet } from "./like";
import { LyricsSheet } from "./lyrics";
import { Nav } from "./nav";
import { IconButton } from "./parts";
import { TrackMenu } from "./menu";
import { QueueSheet } from "./queue";
import { FormSheet } from "./playlist-form";
import { SaveSheet } from "./save";
import { SearchField } from "./search";
import { Sheet } from "./sheet";
import { Tally } from "./tally";
import { Why } from "./why";

export function Page() {
  const { settings, narrow, sheet, about, menu, playback, playlists, jobs } = useApp();
  const pocket = narrow.value;
  const unfolded = settings.why.value && !pocket;
  const track = playback.track.value;
  useHold((scope) => {
    scope.listen<KeyboardEvent>(window, "keydown", (event) => {
      if (event.key !== "Escape") return;
      if (jobs.wish.peek()) jobs.write(null);
      else if (playlists.form.peek()) playlists.write(null);
      else if (playlists.choosing.peek()) playlists.choose_for(null);
      else if (sheet.peek() !== "none") close();
      else return;
      event.preventDefault();
    });
  });
  // In a pocket these were opened from the player.
  const close = () => (sheet.value = ["reference", "queue", "lyrics"].includes(sheet.peek()) && narrow.peek() ? "deck" : "none");
  const over = jobs.wish.value !== null || playlists.form.value !== null || playlists.choosing.value !== null;
  const open_sheet = sheet.value === "deck" && !pocket ? "none" : sheet.value;
  return (
    <>
      <div class={`page${unfolded ? " with-why" : ""}`} inert={open_sheet !== "none" || over}>
        <Header />
        <Nav />
        <main>
          <Banner />
          <Body />
          {menu.value && open_sheet === "none" ? <TrackMenu menu={menu.value} /> : null}
        </main>
        {unfolded ? <Why /> : null}
        {pocket ? <PocketDeck /> : <Deck />}
      </div>
      {open_sheet === "deck" ? <DeckSheet /> : null}
      {open_sheet === "help" ? <Help /> : null}
      {playlists.form.value ? <FormSheet /> : null}
      {playlists.choosing.value ? <ChooseSheet /> : null}
      {jobs.wish.value ? <SaveSheet wish={jobs.wish.value} /> : null}
      {open_sheet === "queue" ? <QueueSheet on_close={close} /> : null}
      {open_sheet === "lyrics" ? <LyricsSheet on_close={close} /> : null}
      {open_sheet === "about" && about.value ? <AboutSheet track={about.value} on_close={close} /> : null}
      {open_sheet === "reference" ? <LikeSheet on_close={close} /> : null}
      <p class="sr-only" role="status">
        {track ? `Playing ${track.title} by ${artists(track.artists)}` : ""}
      </p>
    </>
  );
}

function Header() {
  const { settings, sheet, narrow } = useApp();
  const next_theme = THEMES[(THEMES.indexOf(settings.theme.value) + 1) % THEMES.length] ?? "auto";
  return (
    <header class="head-bar">
      <h1>
        <Mark />
        <span>Auralis</span>
      </h1>
      <SearchField />
      <Tally />
      <div class="head-tools">
        <IconButton label={`Colours: ${settings.theme.value}. Change to ${next_theme}`} on_click={() => (settings.theme.value = next_theme)}>
          <Theme />
        </IconButton>
        {narrow.value ? null : (
          <>
            <IconButton label="Keyboard shortcuts" on_click={() => (sheet.value = "help")}>
              <Keys />
            </IconButton>
            <IconButton
              label={settings.why.value ? "Fold the why panel" : "Unfold the why panel"}
              expanded={settings.why.value}
              on_click={() => (settings.why.value = !settings.why.value)}
            >
              <Panel />
            </IconButton>
          </>
        )}
      </div>
    </header>
  );
}

/** What a person must know now: the server is away, a track is faulty, the sound is degraded. */
function Banner() {
  const { library, playback, by_sound, marks, playlists, jobs, https, places } = useApp();
  const connection = library.connection.value;
  const fault = playback.fault.value ?? by_sound.fault.value ?? marks.fault.value ?? library.fault.value;
  const notice = playback.stats.value.notice;
  return (
    <div class="banners">
      {connection.name === "lost" ? (
        <p class="banner" role="alert">
          <Fault />
          <span>
            <strong>The server does not answer.</strong> Trying again
            {connection.wait_s > 0 ? ` in ${connection.wait_s}\u2009s` : ""}.
          </span>
          <button type="button" onClick={() => library.reconnect()}>
            Try now
          </button>
        </p>
      ) : null}
      {fault !== null ? (
        <p class="banner" role="alert">
          <Fault />
          <span>{fault}</span>
          <button
            type="button"
            onClick={() => {
              playback.forget_fault();
              by_sound.forget_fault();
              marks.forget_fault();
              library.forget_fault();
            }}
          >
            Dismiss
          </button>
        </p>
      ) : null}
      {playlists.notice.value !== null ? (
        <p class="banner quiet-banner" role="status">
          <span>{playlists.notice.value}</span>
          <button type="button" onClick={() => playlists.forget_notice()}>
            Dismiss
          </button>
        </p>
      ) : null}
      {jobs.notice.value !== null ? (
        <p class="banner quiet-banner copies-banner" role="status">
          <span>{jobs.notice.value}</span>
          {places.place.value.view === "copies" ? null : (
            <a class="banner-key" href={to_view("copies")} onClick={() => jobs.forget_notice()}>
              Show copies
            </a>
          )}
          <button type="button" onClick={() => jobs.forget_notice()}>
            Dismiss
          </button>
        </p>
      ) : null}
      {notice !== null ? (
        <p class="banner quiet-banner" role="status">
          <Fault />
          <span>
            {notice}
            {https.value !== null ? " There, it may first warn of a certificate that it does not know." : null}
          </span>
          {https.value !== null ? (
            <a class="banner-key" href={https.value + address(places.place.value)}>
              Open over https
            </a>
          ) : null}
        </p>
      ) : null}
    </div>
  );
}

function Help() {
  const { sheet, settings } = useApp();
  const box = useRef<HTMLDivElement>(null);
  useHold(() => box.current?.focus());
  return (
    <Sheet name="help" title="Keyboard" box={box} on_close={() => (sheet.value = "none")}>
      <dl>
        {SHORTCUTS.map((shortcut) => (
          <div key={shortcut.keys}>
            <dt>{shortcut.keys}</dt>
            <dd>{shortcut.does}</dd>
          </div>
        ))}
      </dl>
      <label class="check">
        <input
          type="checkbox"
          checked={settings.letters.value}
          onChange={(event) => (settings.letters.value = event.currentTarget.checked)}
        />
        Single letters and digits are shortcuts
      </label>
    </Sheet>
  );
}
