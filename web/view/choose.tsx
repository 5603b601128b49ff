/** The sheet in which the playlist is chosen that takes a track. */
import { useComputed, useSignal } from "@preact/signals";
import { useRef } from "preact/hooks";
import { count, plain } from "../app/words";
import { useApp, useHold } from "./hooks";
import { Close, Search } from "./icons";
import { IconButton } from "./parts";

/** So many are shown; more letters find the others. */
const SHOWN = 100;

export function ChooseSheet() {
  const { playlists } = useApp();
  const input = useRef<HTMLInputElement>(null);
  const list = useRef<HTMLUListElement>(null);
  const words = useSignal("");
  /** Of the keys in the list, the one that Tab reaches. */
  const at = useSignal(0);
  const found = useComputed(() => {
    const wanted = plain(words.value).split(/\s+/);
    return playlists.by_hand.value?.filter(({ name }) => wanted.every((word) => plain(name).includes(word))) ?? null;
  });
  useHold(() => input.current?.focus());
  const track_ids = playlists.choosing.value;
  if (!track_ids) return null;
  const close = () => playlists.choose_for(null);
  const key = (i: number) => ({ tabIndex: at.value === i ? 0 : -1, onFocus: () => (at.value = i) });
  /** Moves from one key to the next; above the first is the field. */
  const press = (event: KeyboardEvent) => {
    const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (by === undefined) return;
    const keys = [...(list.current?.querySelectorAll<HTMLElement>("button") ?? [])];
    const to = keys.findIndex((key) => key === document.activeElement) + by;
    (to < 0 ? input.current : keys[Math.min(to, keys.length - 1)])?.focus();
    event.preventDefault();
  };
  return (
    <div class="scrim" onClick={(event) => event.target === event.currentTarget && close()}>
      <div class="sheet choose-sheet" role="dialog" aria-modal="true" aria-labelledby="choose-name" onKeyDown={press}>
        <header>
          <h2 id="choose-name">Add to a playlist</h2>
          <IconButton label="Close" on_click={close}>
            <Close />
          </IconButton>
        </header>
        <label class="filter">
          <Search />
          <span class="sr-only">Find a playlist</span>
          <input
            ref={input}
            type="search"
            placeholder="Find a playlist"
            value={words.value}
            autocomplete="off"
            spellcheck={false}
            onInput={(event) => {
              words.value = event.currentTarget.value;
              at.value = 0;
            }}
            onKeyDown={(event) => {
              const [only, ...others] = found.value ?? [];
              if (event.key === "Enter" && words.value.trim() !== "" && only && others.length === 0) void playlists.add(only, track_ids);
            }}
          />
        </label>
        <ul ref={list} aria-label="Playlists">
          <li>
            <button
              type="button"
              {...key(0)}
              onClick={() => {
                close();
                playlists.write({ id: null, name: words.value.trim(), rule: null, track_ids });
              }}
            >
              <strong>New playlist…</strong>
            </button>
          </li>
          {found.value?.slice(0, SHOWN).map((one, i) => (
            <li key={one.id}>
              <button type="button" {...key(i + 1)} onClick={() => void playlists.add(one, track_ids)}>
                <span>{one.name}</span>
                <span class="quiet">{count(one.n_tracks, "track", "tracks")}</span>
              </button>
            </li>
          ))}
        </ul>
        <p class="quiet choices-foot" role="status">
          {found.value === null ? "Reading the list." : foot(found.value.length, words.value.trim())}
        </p>
      </div>
    </div>
  );
}

function foot(n: number, words: string): string {
  if (n === 0) return words === "" ? "No playlist is put together by hand yet." : `No playlist is called “${words}”.`;
  if (n > SHOWN) return `${SHOWN} of ${count(n, "playlist", "playlists")}; some letters of the name find the others.`;
  return count(n, "playlist", "playlists");
}
