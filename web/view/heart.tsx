/** The heart beside a track, and its stars. */
import type { Track } from "../app/api";
import { useApp } from "./hooks";
import { HeartShape } from "./icons";

export function Heart({ track, apart = false }: { track: Track; apart?: boolean }) {
  const { marks } = useApp();
  const { favorite } = marks.of(track);
  const label = favorite ? `${track.title} is a favourite` : `Make ${track.title} a favourite`;
  return (
    <button
      type="button"
      class={`icon-button heart${favorite ? " on" : ""}`}
      tabIndex={apart ? -1 : undefined}
      aria-pressed={favorite}
      aria-label={label}
      title={favorite ? "A favourite" : "Make it a favourite"}
      onClick={() => void marks.set_favorite(track, !favorite)}
    >
      <HeartShape />
    </button>
  );
}

export const STARS = [1, 2, 3, 4, 5] as const;

/** Five stars; the one that is set, pressed again, takes them back. */
export function Stars({ track }: { track: Track }) {
  const { marks } = useApp();
  const { rating } = marks.of(track);
  return (
    <div class="stars" role="group" aria-label="Stars">
      {STARS.map((n) => (
        <button
          key={n}
          type="button"
          class={rating !== null && n <= rating ? "on" : ""}
          aria-pressed={rating === n}
          aria-label={n === 1 ? "1 star" : `${n} stars`}
          title={rating === n ? "Take the stars back" : n === 1 ? "1 star" : `${n} stars`}
          onClick={() => void marks.rate(track, rating === n ? null : n)}
        >
          {rating !== null && n <= rating ? "★" : "☆"}
        </button>
      ))}
    </div>
  );
}
