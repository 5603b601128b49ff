/** The sheet in which the track is chosen that all others shall sound like. */
import { useRef } from "preact/hooks";
import type { Track } from "../app/api";
import { artists, count, figure, THIN } from "../app/words";
import { useApp, useHold } from "./hooks";
import { Close, Fault, Search } from "./icons";
import { Cover, IconButton } from "./parts";

export function LikeSheet({ on_close }: { on_close(): void }) {
  const { reference } = useApp();
  const input = useRef<HTMLInputElement>(null);
  const list = useRef<HTMLUListElement>(null);
  useHold(() => {
    input.current?.focus();
    reference.search(reference.words.peek());
  });
  const found = reference.found.value;
  const choose = (track: Track) => {
    void reference.choose(track);
    on_close();
  };
  /** Moves from one key to the next; above the first is the search. */
  const press = (event: KeyboardEvent) => {
    const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (by === undefined) return;
    const keys = [...(list.current?.querySelectorAll<HTMLButtonElement>("button:not(:disabled)") ?? [])];
    const to = keys.findIndex((key) => key === document.activeElement) + by;
    (to < 0 ? input.current : keys[Math.min(to, keys.length - 1)])?.focus();
    event.preventDefault();
  };
  return (
    <div class="scrim" onClick={(event) => event.target === event.currentTarget && on_close()}>
      <div class="sheet like-sheet" role="dialog" aria-modal="true" aria-labelledby="like-name" onKeyDown={press}>
        <header>
          <h2 id="like-name">Make it sound like</h2>
          <IconButton label="Close" on_click={on_close}>
            <Close />
          </IconButton>
        </header>
        <label class="filter">
          <Search />
          <span class="sr-only">Find a track to sound like</span>
          <input
            ref={input}
            type="search"
            placeholder="Title, artist, album"
            value={reference.words.value}
            autocomplete="off"
            spellcheck={false}
            onInput={(event) => reference.search(event.currentTarget.value)}
            onKeyDown={(event) => {
              const first = found?.items.find((track) => track.state !== "failed");
              if (event.key === "Enter" && first) choose(first);
            }}
          />
        </label>
        <ul class="choices" ref={list} aria-label="Tracks">
          {found?.items.map((track) => (
            <li key={track.id}>
              <Choice track={track} chosen={track.id === reference.track.value?.id} on_choose={() => choose(track)} />
            </li>
          ))}
        </ul>
        <p class="quiet choices-foot" role="status">
          {reference.fault.value !== null ? (
            <span class="state fault">
              <Fault /> {reference.fault.value}
            </span>
          ) : found === null ? (
            "Reading the list."
          ) : found.total === 0 ? (
            "No track has these words."
          ) : found.has_more ? (
            `${found.items.length} of ${count(found.total, "track", "tracks")}; more words find the others.`
          ) : (
            count(found.total, "track", "tracks")
          )}
        </p>
      </div>
    </div>
  );
}

function Choice({ track, chosen, on_choose }: { track: Track; chosen: boolean; on_choose(): void }) {
  return (
    <button type="button" class="choice" disabled={track.state === "failed"} aria-pressed={chosen} onClick={on_choose}>
      <Cover track={track} kind="aura" />
      <span class="titles">
        <strong>{track.title}</strong>
        <span class="quiet">{artists(track.artists)}</span>
      </span>
      <span class="figure quiet">
        {track.lufs === null ? (track.state === "failed" ? "Not measurable" : "Not measured yet") : `${figure(track.lufs)}${THIN}LUFS`}
      </span>
    </button>
  );
}
