/** The sheet in which the track is chosen that all others shall sound like. */
import { useRef } from "preact/hooks";
import type { Track } from "../app/api";
import { artists, count, figure, THIN } from "../app/words";
import { useApp, useHold } from "./hooks";
import { Fault } from "./icons";
import { Cover } from "./parts";
import { Picker, Sheet } from "./sheet";

export function LikeSheet({ on_close }: { on_close(): void }) {
  const { reference } = useApp();
  const input = useRef<HTMLInputElement>(null);
  useHold(() => {
    input.current?.focus();
    reference.search(reference.words.peek());
  });
  const found = reference.found.value;
  const choose = (track: Track) => {
    void reference.choose(track);
    on_close();
  };
  return (
    <Sheet name="like" title="Make it sound like" on_close={on_close}>
      <Picker
        label="Find a track to sound like"
        hint="Title, artist, album"
        words={reference.words.value}
        input={input}
        on_words={(words) => reference.search(words)}
        on_enter={() => {
          const first = found?.items.find((track) => track.state !== "failed");
          if (first) choose(first);
        }}
        of="Tracks"
        foot={<Foot />}
      >
        {found?.items.map((track) => (
          <li key={track.id}>
            <Choice track={track} chosen={track.id === reference.track.value?.id} on_choose={() => choose(track)} />
          </li>
        ))}
      </Picker>
    </Sheet>
  );
}

/** How many were found, or why they are not known. */
function Foot() {
  const { reference } = useApp();
  const found = reference.found.value;
  if (reference.fault.value !== null) {
    return (
      <span class="state fault">
        <Fault /> {reference.fault.value}
      </span>
    );
  }
  if (found === null) return <>Reading the list.</>;
  if (found.total === 0) return <>No track has these words.</>;
  if (found.has_more) return <>{`${found.items.length} of ${count(found.total, "track", "tracks")}; more words find the others.`}</>;
  return <>{count(found.total, "track", "tracks")}</>;
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
