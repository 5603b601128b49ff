/** Hearts and stars: what the listener makes of tracks, shown at once and corrected by what the server tells. */
import { type ReadonlySignal, signal } from "@preact/signals";
import * as api from "./api";
import type { Library } from "./library";
import type { Scope } from "./scope";

export interface Mark {
  favorite: boolean;
  rating: number | null;
}

export interface Marks {
  /** What is known of a track; reading it in a view follows changes. */
  of(track: api.Track): Mark;
  set_favorite(track: api.Track, on: boolean): Promise<void>;
  rate(track: api.Track, stars: number | null): Promise<void>;
  /** What could not be kept, in words. */
  readonly fault: ReadonlySignal<string | null>;
  forget_fault(): void;
}

export function marks(library: Library, scope: Scope): Marks {
  /** Newer than what lists said, by id. */
  const newer = signal<ReadonlyMap<string, Mark>>(new Map());
  const fault = signal<string | null>(null);

  const told = (track: api.Track): Mark => ({ favorite: track.favorite_at !== null, rating: track.rating });
  const put = (id: string, mark: Mark) => (newer.value = new Map(newer.peek()).set(id, mark));

  /** Shows `mark` at once, and what was before if it cannot be kept. */
  async function change(track: api.Track, mark: Partial<Mark>, keep: () => Promise<unknown>): Promise<void> {
    const before = newer.peek().get(track.id) ?? told(track);
    put(track.id, { ...before, ...mark });
    try {
      await keep();
    } catch (problem) {
      put(track.id, before);
      if (problem instanceof api.Problem) fault.value = `${track.title} could not be marked: ${problem.message}`;
    }
  }

  scope.own(
    library.hear("changed", ({ track_id }) => {
      if (!newer.peek().has(track_id)) return;
      api.track(track_id, scope.signal).then(
        (now) => put(track_id, told(now)),
        () => {},
      );
    }),
  );

  return {
    of: (track) => newer.value.get(track.id) ?? told(track),
    set_favorite: (track, on) => change(track, { favorite: on }, () => api.set_favorite(track.id, on, scope.signal)),
    rate: (track, stars) => change(track, { rating: stars }, () => api.set_rating(track.id, stars, scope.signal)),
    fault,
    forget_fault() {
      fault.value = null;
    },
  };
}
