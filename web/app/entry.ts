/** A row of a list of tracks. */
import type { List, Track } from "./api";

export interface Entry {
  track: Track;
  /** Its place in a playlist or the queue; null where it has none. */
  item: string | null;
  /** When it was heard, in seconds since 1970. */
  at: number | null;
}

export const entry = (track: Track): Entry => ({ track, item: null, at: null });

/** A list whose items become others. */
export const mapped = <T, U>(list: List<T>, to: (item: T) => U): List<U> => ({ ...list, items: list.items.map(to) });
