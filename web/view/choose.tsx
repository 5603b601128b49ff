/** The sheet in which the playlist is chosen that takes a track. */
import { useComputed, useSignal } from "@preact/signals";
import { useRef } from "preact/hooks";
import { count, plain } from "../app/words";
import { useApp, useHold } from "./hooks";
import { Picker, Sheet } from "./sheet";

/** So many are shown; more letters find the others. */
const SHOWN = 100;

export function ChooseSheet() {
  const { playlists } = useApp();
  const input = useRef<HTMLInputElement>(null);
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
  return (
    <Sheet name="choose" title="Add to a playlist" on_close={close}>
      <Picker
        label="Find a playlist"
        hint="Find a playlist"
        words={words.value}
        input={input}
        on_words={(now) => {
          words.value = now;
          at.value = 0;
        }}
        on_enter={() => {
          const [only, ...others] = found.value ?? [];
          if (words.value.trim() !== "" && only && others.length === 0) void playlists.add(only, track_ids);
        }}
        of="Playlists"
        foot={found.value === null ? "Reading the list." : foot(found.value.length, words.value.trim())}
      >
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
      </Picker>
    </Sheet>
  );
}

function foot(n: number, words: string): string {
  if (n === 0) return words === "" ? "No playlist is put together by hand yet." : `No playlist is called “${words}”.`;
  if (n > SHOWN) return `${SHOWN} of ${count(n, "playlist", "playlists")}; some letters of the name find the others.`;
  return count(n, "playlist", "playlists");
}
