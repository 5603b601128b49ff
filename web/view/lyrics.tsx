/** What is sung in the track that plays. Where its lines are timed, the one of now stands out, and a click on another goes there. */
import { useComputed, useSignal, useSignalEffect } from "@preact/signals";
import { useRef } from "preact/hooks";
import * as api from "../app/api";
import { sentence } from "../app/words";
import { useApp, useHold } from "./hooks";
import { Sheet } from "./sheet";

export function LyricsSheet({ on_close }: { on_close(): void }) {
  const { playback } = useApp();
  const box = useRef<HTMLDivElement>(null);
  const track = playback.track.value;
  /** Null while they are read; in words why there are none. */
  const told = useSignal<api.Lyrics | string | null>(null);
  useHold(() => box.current?.focus());
  useHold(
    (scope) => {
      told.value = null;
      if (!track) return;
      api.lyrics(track.id, scope.signal).then(
        (lyrics) => {
          if (!scope.ended) told.value = lyrics;
        },
        (problem: unknown) => {
          if (scope.ended) return;
          const is_none = problem instanceof api.Problem && problem.next === "missing";
          told.value = is_none ? "This track has no lyrics" : sentence(problem instanceof Error ? problem.message : "");
        },
      );
    },
    [track?.id],
  );
  const lyrics = told.value;
  return (
    <Sheet name="lyrics" title="Lyrics" beside={<p class="quiet">{track?.title}</p>} box={box} on_close={on_close}>
      {track === null || typeof lyrics === "string" ? (
        <div class="hint">
          <h2>{track === null ? "Nothing plays" : lyrics}</h2>
          <p>Lyrics are read from a file's tags, or from a file beside it that is called like it and ends in .lrc or .txt.</p>
        </div>
      ) : lyrics === null ? null : (
        <Lines key={track.id} track={track} lyrics={lyrics} />
      )}
    </Sheet>
  );
}

function Lines({ track, lyrics }: { track: api.Track; lyrics: api.Lyrics }) {
  const { playback } = useApp();
  const list = useRef<HTMLOListElement>(null);
  const now = useComputed(() => {
    const at_s = playback.position_frames.value / track.sample_rate;
    return lyrics.lines.findLastIndex((line) => line.at_s !== null && line.at_s <= at_s);
  });
  useSignalEffect(() => {
    const is_still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    list.current?.children[now.value]?.scrollIntoView({ block: "center", behavior: is_still ? "auto" : "smooth" });
  });
  return (
    <ol class="lyrics" ref={list} tabIndex={0} aria-label="Lines">
      {lyrics.lines.map(({ at_s, text }, i) => (
        <li key={i} class={i === now.value ? "now" : ""} aria-current={i === now.value ? "true" : undefined}>
          {at_s === null ? (
            text
          ) : (
            <button type="button" onClick={() => void playback.seek(at_s * track.sample_rate)}>
              {text || "♪"}
            </button>
          )}
        </li>
      ))}
    </ol>
  );
}
