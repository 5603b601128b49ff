/** The search: its field, what is wrong with what stands in it, how to search, and what else was found. */
import { useSignal } from "@preact/signals";
import { useRef } from "preact/hooks";
import type { Found as FoundThings } from "../app/api";
import type { Wrong } from "../app/browse";
import { to_one } from "../app/place";
import { count } from "../app/words";
import { AlbumCell } from "./cells";
import { useApp, useHold } from "./hooks";
import { Close, Fault, Search } from "./icons";
import { Cover, IconButton } from "./parts";

export function SearchField() {
  const { browse, doors, playback } = useApp();
  const input = useRef<HTMLInputElement>(null);
  const box = useRef<HTMLDivElement>(null);
  const helping = useSignal(false);
  useHold((scope) => {
    // At once and not by a signal: the next key pressed belongs into the field already.
    doors.focus_search = () => {
      input.current?.focus();
      input.current?.select();
    };
    scope.own(() => (doors.focus_search = () => {}));
    scope.listen<PointerEvent>(document, "pointerdown", (event) => {
      if (!box.current?.contains(event.target as Node)) helping.value = false;
    });
  });
  const press = (event: KeyboardEvent) => {
    if (event.key === "Escape" && helping.peek()) helping.value = false;
    else if (event.key === "Escape") {
      browse.search("");
      input.current?.blur();
    } else if (event.key === "ArrowDown") {
      document.querySelector<HTMLElement>(".tracks, .scroll a")?.focus();
    } else if (event.key === "Enter") {
      const screen = browse.screen.peek();
      if (screen.kind === "tracks") void playback.play_row(screen.listing, 0);
    } else return;
    event.preventDefault();
  };
  const wrong = browse.wrong.value;
  return (
    <div class="search" ref={box}>
      <label class="filter">
        <Search />
        <span class="sr-only">Search</span>
        <input
          ref={input}
          type="search"
          placeholder="Search"
          value={browse.words.value}
          autocomplete="off"
          spellcheck={false}
          aria-invalid={wrong !== null}
          aria-describedby={wrong ? "wrong" : undefined}
          onInput={(event) => browse.search(event.currentTarget.value)}
          onKeyDown={press}
        />
        <kbd aria-hidden="true">/</kbd>
      </label>
      <button
        type="button"
        class="how quiet"
        aria-expanded={helping.value}
        aria-controls="how"
        aria-label="How to search"
        title="How to search"
        onClick={() => (helping.value = !helping.value)}
      >
        ?
      </button>
      {wrong && wrong.q === browse.words.value.trim() ? <WrongRule wrong={wrong} /> : null}
      {helping.value ? <How on_close={() => (helping.value = false)} /> : null}
    </div>
  );
}

/** A rule with one of its characters marked. */
export function Marked({ text, at }: { text: string; at: number | null }) {
  if (at === null) return null;
  // As the server counts: in characters, not in the halves that some take in JavaScript.
  const chars = [...text];
  const from = Math.min(at, chars.length);
  return (
    <p class="wrong-rule">
      {chars.slice(0, from).join("")}
      <mark>{chars[from] ?? "\u00a0"}</mark>
      {chars.slice(from + 1).join("")}
    </p>
  );
}

/** What is wrong, with the character at which it is marked. */
function WrongRule({ wrong: { q, at, message } }: { wrong: Wrong }) {
  return (
    <div class="wrong" id="wrong" role="status">
      <Marked text={q} at={at} />
      <p>
        <Fault /> {message.replace(/^q, at character \d+: /, "")}
      </p>
    </div>
  );
}

const WAYS: readonly (readonly [example: string, means: string])[] = [
  ["blue train", "Both words, anywhere"],
  ["\u201cblue train\u201d", "These words in a row"],
  ["artist:miles", "In one field: title, artist, album, genre, composer, lyrics"],
  ["year:1959", "A year; also 1955..1965, >1990, <=1970"],
  ["lufs:>-10  bpm:120..130", "Loudness, tempo; also lra, crest, duration, rating, plays, track, disc, bits, rate, channels"],
  ["duration:<3:30  added:30d", "Minutes; found in the last 30 days"],
  ["is:favorite", "Also measured, failed, compilation, lossless, lyrics, art"],
  ["codec:flac", "By how it is coded"],
  ["jazz OR blues", "One of both; brackets group"],
  ["-live", "Not that"],
];

function How({ on_close }: { on_close(): void }) {
  return (
    <div class="how-panel" id="how" role="region" aria-label="How to search">
      <header>
        <h2>How to search</h2>
        <IconButton label="Close" on_click={on_close}>
          <Close />
        </IconButton>
      </header>
      <dl>
        {WAYS.map(([example, means]) => (
          <div key={example}>
            <dt>{example}</dt>
            <dd>{means}</dd>
          </div>
        ))}
      </dl>
    </div>
  );
}

/** Artists and albums that are called as what is looked for. */
export function Found({ found: { artists, albums } }: { found: FoundThings }) {
  if (artists.items.length === 0 && albums.items.length === 0) return null;
  return (
    <div class="found">
      {artists.items.length > 0 ? (
        <section>
          <h2>{count(artists.total, "artist", "artists")}</h2>
          <ul class="found-names" aria-label="Artists found">
            {artists.items.map((artist) => (
              <li key={artist.id}>
                <a href={to_one("artist", artist.id)}>
                  <Cover track={{ id: artist.artwork_track_id, measured: true }} />
                  <strong>{artist.name}</strong>
                </a>
              </li>
            ))}
          </ul>
        </section>
      ) : null}
      {albums.items.length > 0 ? (
        <section>
          <h2>{count(albums.total, "album", "albums")}</h2>
          <ul class="shelf" aria-label="Albums found">
            {albums.items.map((album) => (
              <li key={album.id}>
                <a href={to_one("album", album.id)}>
                  <AlbumCell album={album} />
                </a>
              </li>
            ))}
          </ul>
        </section>
      ) : null}
    </div>
  );
}
