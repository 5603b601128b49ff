/** What sounds like the playing track, and in what it differs. Nothing stands here while there is nothing. */
import { useSignal } from "@preact/signals";
import * as api from "../app/api";
import { artists } from "../app/words";
import { useApp, useHold } from "./hooks";
import { Cover } from "./parts";

/** So many fit under the signal path without another page to scroll. */
const MOST = 5;

export function Similar({ track }: { track: api.Track }) {
  const { playback } = useApp();
  const found = useSignal<{ to: string; items: api.Similar[] } | null>(null);
  useHold(
    (scope) => {
      if (!track.measured) return;
      api.similar(track.id, MOST, scope.signal).then(
        ({ items }) => {
          if (!scope.ended) found.value = { to: track.id, items };
        },
        // It is an extra: where it cannot be had, it is not missed.
        () => {},
      );
    },
    [track.id, track.measured],
  );
  // Why a track cannot be played is said where faults are said.
  const play = (id: string) => void playback.play_id(id).catch(() => {});
  const shown = found.value;
  if (shown?.to !== track.id || shown.items.length === 0) return null;
  return (
    <section>
      <h3>Sounds like</h3>
      <ul class="similar">
        {shown.items.map(({ track: other, reasons }) => (
          <li key={other.id}>
            <button type="button" onClick={() => play(other.id)}>
              <Cover track={other} kind="aura" />
              <span class="titles">
                <span>
                  <span class="sr-only">Play </span>
                  <strong>{other.title}</strong>
                </span>
                <span class="quiet">
                  <span class="sr-only"> by </span>
                  {artists(other.artists)}
                </span>
              </span>
            </button>
            <p class="quiet">{reasons[0]}</p>
          </li>
        ))}
      </ul>
    </section>
  );
}
