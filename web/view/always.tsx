/** "Always so here": what is remembered of the playing track or its album, and the keys to remember and forget. */
import { useSignal } from "@preact/signals";
import type { Always as Taste, Track } from "../app/api";
import { taste_words } from "../app/words";
import { Stars } from "./heart";
import { useApp } from "./hooks";
import { Fault } from "./icons";

export function Always({ track }: { track: Track }) {
  const { always } = useApp();
  const of = useSignal<"track" | "album">("track");
  const fault = always.fault.value;
  return (
    <section class="always">
      <h3>This track</h3>
      <Stars track={track} />
      {track.taste ? (
        <p class="remembered">
          <span>{words(track.taste)}</span>
          <button type="button" class="link" onClick={() => void always.forget()}>
            Forget
          </button>
        </p>
      ) : (
        <div class="remember">
          <button type="button" class="key" onClick={() => void always.remember("original", of.peek())}>
            Always original here
          </button>
          <button type="button" class="key" onClick={() => void always.remember("this", of.peek())}>
            Always like this here
          </button>
          {track.album_id === null ? null : (
            <label class="check">
              <input
                type="checkbox"
                checked={of.value === "album"}
                onChange={(event) => (of.value = event.currentTarget.checked ? "album" : "track")}
              />
              For the whole album
            </label>
          )}
        </div>
      )}
      {fault === null ? null : (
        <p class="notice" role="alert">
          <Fault /> {fault}
        </p>
      )}
    </section>
  );
}

/** What is remembered, in a line. */
const words = (taste: Taste) => (taste.enhanced === false ? "Always original here." : `Always so here: ${taste_words(taste)}.`);
