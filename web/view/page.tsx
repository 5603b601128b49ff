/** The page: header, list, why panel, deck, and the sheets over them. */
import { useRef } from "preact/hooks";
import type { Scan } from "../app/api";
import { SHORTCUTS } from "../app/keys";
import { THEMES } from "../app/settings";
import { artists, count } from "../app/words";
import { Deck, DeckSheet, PocketDeck } from "./deck";
import { useApp, useHold } from "./hooks";
import { Close, Fault, Keys, Mark, Measuring, Panel, Search, Theme } from "./icons";
import { LikeSheet } from "./like";
import { Tracks } from "./list";
import { IconButton } from "./parts";
import { Why } from "./why";

export function Page() {
  const { settings, narrow, sheet, playback } = useApp();
  const pocket = narrow.value;
  const unfolded = settings.why.value && !pocket;
  const track = playback.track.value;
  useHold((scope) => {
    scope.listen<KeyboardEvent>(window, "keydown", (event) => {
      if (event.key !== "Escape" || sheet.peek() === "none") return;
      event.preventDefault();
      close();
    });
  });
  // In a pocket the choice of a reference was opened from the player.
  const close = () => (sheet.value = sheet.peek() === "reference" && narrow.peek() ? "deck" : "none");
  const open_sheet = sheet.value === "deck" && !pocket ? "none" : sheet.value;
  return (
    <>
      <div class={`page${unfolded ? " with-why" : ""}`} inert={open_sheet !== "none"}>
        <Header />
        <main>
          <Banner />
          <Body />
        </main>
        {unfolded ? <Why /> : null}
        {pocket ? <PocketDeck /> : <Deck />}
      </div>
      {open_sheet === "deck" ? <DeckSheet /> : null}
      {open_sheet === "help" ? <Help /> : null}
      {open_sheet === "reference" ? <LikeSheet on_close={close} /> : null}
      <p class="sr-only" role="status">
        {track ? `Playing ${track.title} by ${artists(track.artists)}` : ""}
      </p>
    </>
  );
}

function Header() {
  const { library, doors, settings, sheet, narrow, playback } = useApp();
  const input = useRef<HTMLInputElement>(null);
  useHold((scope) => {
    // At once and not by a signal: the next key pressed belongs into the filter already.
    doors.focus_filter = () => {
      input.current?.focus();
      input.current?.select();
    };
    scope.own(() => (doors.focus_filter = () => {}));
  });
  const press = (event: KeyboardEvent) => {
    if (event.key === "Escape") {
      library.set_filter("");
      input.current?.blur();
    } else if (event.key === "ArrowDown") {
      document.querySelector<HTMLElement>(".tracks")?.focus();
    } else if (event.key === "Enter") {
      void playback.play_row(library.listing.peek(), 0);
    } else return;
    event.preventDefault();
  };
  const next_theme = THEMES[(THEMES.indexOf(settings.theme.value) + 1) % THEMES.length] ?? "auto";
  return (
    <header class="head-bar">
      <h1>
        <Mark />
        <span>Auralis</span>
      </h1>
      <label class="filter">
        <Search />
        <span class="sr-only">Filter tracks</span>
        <input
          ref={input}
          type="search"
          placeholder="Filter by title, artist, album"
          value={library.filter.value}
          autocomplete="off"
          spellcheck={false}
          onInput={(event) => library.set_filter(event.currentTarget.value)}
          onKeyDown={press}
        />
        <kbd aria-hidden="true">/</kbd>
      </label>
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

/** How many tracks there are, and what the scan is doing. */
function Tally() {
  const { library } = useApp();
  const scan = library.scan.value;
  const listing = library.listing.value;
  const tally = listing.phase.value.name === "ready" ? count(listing.total.value, "track", "tracks") : "";
  const measuring = scan !== null && scan.waiting > 0;
  return (
    <p class="tally quiet">
      <span role="status">{tally}</span>
      {scan?.composing ? (
        <span>
          Composing the demo album: {scan.composing.done} of {scan.composing.total}
        </span>
      ) : scan?.state === "scanning" ? (
        <span>
          {reading(scan)}
        </span>
      ) : measuring ? (
        <span class="state">
          <Measuring /> {scan.waiting} to measure
        </span>
      ) : null}
      {scan !== null && scan.failed > 0 ? (
        <button type="button" class="link fault" onClick={() => void library.retry_faults()} title="Try to measure them again">
          <Fault /> {scan.failed} failed, try again
        </button>
      ) : null}
      {scan !== null && scan.missing > 0 ? (
        <button
          type="button"
          class="link quiet"
          onClick={() => confirm(forgetting(scan.missing)) && void library.forget_missing()}
          title="Their files are gone. They are back when the files are, wherever that is"
        >
          {scan.missing} missing, forget
        </button>
      ) : null}
    </p>
  );
}

function reading({ found, unchanged, read }: Scan): string {
  const fresh = found - unchanged;
  return read === 0 ? `Looking through ${count(found, "file", "files")}` : `Reading ${read} of ${count(fresh, "file", "files")}`;
}

const forgetting = (n: number) =>
  `Forget ${count(n, "missing track", "missing tracks")}, and all that is known of ${n === 1 ? "it" : "them"}? Only do so if the files will not come back.`;

/** What a person must know now: the server is away, a track is faulty, the sound is degraded. */
function Banner() {
  const { library, playback } = useApp();
  const connection = library.connection.value;
  const fault = playback.fault.value;
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
          <button type="button" onClick={() => playback.forget_fault()}>
            Dismiss
          </button>
        </p>
      ) : null}
      {notice !== null ? (
        <p class="banner quiet-banner" role="status">
          <Fault />
          <span>{notice}</span>
        </p>
      ) : null}
    </div>
  );
}

/** The list, or what stands in its place. */
function Body() {
  const { library } = useApp();
  const listing = library.listing.value;
  const phase = listing.phase.value;
  if (phase.name === "loading") return <p class="hint">Reading the list.</p>;
  if (phase.name === "failed") {
    return (
      <div class="hint">
        <h2>The list could not be read</h2>
        <p>{phase.problem instanceof Error ? phase.problem.message : "Something failed."}</p>
        <button type="button" class="key" onClick={() => library.reconnect()}>
          Try again
        </button>
      </div>
    );
  }
  if (listing.total.value > 0) return <Tracks />;
  if (listing.query.q !== "") {
    return (
      <div class="hint">
        <h2>No track has “{listing.query.q}”</h2>
        <p>The filter looks into titles, artists and albums.</p>
        <button type="button" class="key" onClick={() => library.set_filter("")}>
          Clear the filter
        </button>
      </div>
    );
  }
  return <Empty />;
}

function Empty() {
  const { library } = useApp();
  const scan = library.scan.value;
  if (scan?.composing) {
    return (
      <div class="hint">
        <h2>Composing the demo album</h2>
        <p>
          {scan.composing.done} of {scan.composing.total} tracks so far; each appears here when it is done. It takes a moment,
          once.
        </p>
      </div>
    );
  }
  if (scan?.state === "scanning") {
    return (
      <div class="hint">
        <h2>Reading the library</h2>
        <p>
          {reading(scan)}. Tracks appear here as they are read.
        </p>
      </div>
    );
  }
  return (
    <div class="hint">
      <h2>No music here yet</h2>
      <p>
        Put music into the library's folder and read it again, or start the server with another:{" "}
        <code>auralis serve --library FOLDER</code>
      </p>
      <button type="button" class="key" onClick={() => void library.start_scan()}>
        Read the library again
      </button>
    </div>
  );
}

function Help() {
  const { sheet, settings } = useApp();
  const close = useRef<HTMLDivElement>(null);
  useHold(() => close.current?.focus());
  return (
    <div class="scrim" onClick={(event) => event.target === event.currentTarget && (sheet.value = "none")}>
      <div class="sheet help" role="dialog" aria-modal="true" aria-labelledby="help-name" tabIndex={-1} ref={close}>
        <header>
          <h2 id="help-name">Keyboard</h2>
          <IconButton label="Close" on_click={() => (sheet.value = "none")}>
            <Close />
          </IconButton>
        </header>
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
      </div>
    </div>
  );
}
