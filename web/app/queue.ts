/**
 * The queue: the server's, so that every page has the same and a reload finds it again. Changes go one after
 * the other; what another page changes is heard of.
 */
import { type ReadonlySignal, signal } from "@preact/signals";
import * as api from "./api";
import type { Entry } from "./entry";
import type { Library } from "./library";
import { Listing } from "./listing";
import type { Scope } from "./scope";

/** So many tracks become the queue when one of a long list is played, and so many of them stand before it. */
const MOST = 2000;
const BEFORE = 500;
/** So many tracks are put at its end at a time when it goes on by sound. */
const RADIO = 5;

const NOTHING: api.QueueState = {
  total: 0, at: null, at_index: null, position_s: 0, repeat: "off", shuffled: false, can_undo: false, revision: -1,
};

export interface Queue {
  readonly listing: Listing<Entry>;
  readonly state: ReadonlySignal<api.QueueState>;
  /** Makes it of the tracks around a row; answers the entry that stands for that row. */
  replace(tracks: Listing<Entry>, row: number, shuffled?: boolean): Promise<Entry | null>;
  /** Makes it of one track. */
  only(track: api.Track): Promise<Entry | null>;
  /** More tracks, behind an item or at the end; answers the first of them. */
  add(track_ids: string[], behind: Entry | null): Promise<Entry | null>;
  move(item: string, before: string | null): Promise<void>;
  remove(item: string): Promise<void>;
  shuffle(on: boolean): Promise<void>;
  repeat(how: api.Repeat): Promise<void>;
  undo(): Promise<void>;
  /** What follows `from`, or goes before it; unasked, a track may follow itself. A radio goes on past the end. */
  step(from: Entry | null, by: 1 | -1, unasked: boolean): Promise<Entry | null>;
  /** Tells where the music is, also when the page goes away. */
  tell(at: Entry, position_s: number, leaving?: boolean): void;
  /** The item that plays somewhere, if one does. */
  current(): Promise<Entry | null>;
  /** Tells when it is other than before, or another item plays, here or on another page; the answer stops it. */
  on_change(hear: () => void): () => void;
}

export function queue(library: Library, scope: Scope): Queue {
  const state = signal<api.QueueState>(NOTHING);
  const hearers = new Set<() => void>();
  let last: Promise<unknown> = Promise.resolve();

  const listing = new Listing<Entry>(async (offset, limit, abort) => {
    const { items, ...rest } = await api.queue(offset, limit, abort);
    take(rest);
    return { ...rest, items: items.map(({ track, item_id }) => ({ track, item: item_id, at: null })) };
  }, scope);

  function take({ total, at, at_index, position_s, repeat, shuffled, can_undo, revision }: api.QueueState): void {
    state.value = { total, at, at_index, position_s, repeat, shuffled, can_undo, revision };
  }

  /** Reads it anew: where the music is, and what of it was read last. */
  const read = () => listing.refresh(state.peek().at_index ?? 0);

  /** One change after the other, each with what it made read before the next. */
  function change(ask: () => Promise<api.QueueState>): Promise<void> {
    const mine = last
      .catch(() => {})
      .then(async () => {
        take(await ask());
        await read();
        for (const tell of [...hearers]) tell();
      });
    last = mine;
    library.follow(mine);
    return mine;
  }

  /** Changes that need not be waited for fail in silence: the next reading tells the truth. */
  const quietly = (work: Promise<unknown>) => void work.catch(() => {});

  async function current(): Promise<Entry | null> {
    await last.catch(() => {});
    const { at_index } = state.peek();
    return at_index === null ? null : listing.at(at_index);
  }

  function index_of(entry: Entry | null): number {
    if (entry?.item == null) return -1;
    const { at, at_index } = state.peek();
    return at === entry.item && at_index !== null ? at_index : listing.index_of(({ item }) => item === entry.item);
  }

  /** Another page changed it, or is elsewhere in it. */
  function hear(): void {
    last = last
      .catch(() => {})
      .then(read)
      .then(() => {
        for (const tell of [...hearers]) tell();
      });
    quietly(last);
  }

  hear();
  scope.own(library.hear("queue", ({ revision }) => void (revision !== state.peek().revision ? hear() : look())));
  scope.own(library.hear("library", hear));
  scope.own(library.on_return(hear));

  /** Where the music is on another page: asked once for many tellings. */
  let looking = false;
  function look(): void {
    if (looking) return;
    looking = true;
    scope.timeout(300, () => {
      looking = false;
      const { at, position_s } = state.peek();
      void api.queue(0, 1, scope.signal).then(
        (now) => {
          if (now.at === at && now.position_s === position_s) return;
          take(now);
          for (const tell of [...hearers]) tell();
        },
        () => {},
      );
    });
  }

  /** Puts what sounds like a track at the end, once for all who want more; null: there is nothing, or it is not known yet. */
  let going_on: Promise<Entry | null> | null = null;
  function go_on(from: Entry): Promise<Entry | null> {
    const more = async () => {
      const { items } = await api.radio(from.track.id, RADIO, scope.signal);
      const n_before = state.peek().total;
      if (items.length === 0) return null;
      await change(() => api.add_to_queue(items.map(({ track }) => track.id), null, scope.signal));
      return listing.at(n_before);
    };
    going_on ??= more()
      .catch(() => null)
      .finally(() => (going_on = null));
    return going_on;
  }

  return {
    listing,
    state,
    async replace(tracks, row, shuffled = false) {
      const first = Math.max(0, Math.min(row - BEFORE, tracks.total.peek() - MOST));
      await change(async () => {
        const entries = await tracks.between(first, Math.min(first + MOST, tracks.total.peek()));
        const replaced = await api.replace_queue(entries.map(({ track }) => track.id), row - first, scope.signal);
        return shuffled ? api.shuffle_queue(true, scope.signal) : replaced;
      });
      return current();
    },
    async only(track) {
      await change(() => api.replace_queue([track.id], 0, scope.signal));
      return current();
    },
    async add(track_ids, behind) {
      await last.catch(() => {});
      const here = index_of(behind);
      const next = here < 0 ? null : await listing.at(here + 1);
      const n_before = next === null ? state.peek().total : here + 1;
      await change(() => api.add_to_queue(track_ids, next?.item ?? null, scope.signal));
      return listing.at(n_before);
    },
    move: (item, before) => change(() => api.move_in_queue([item], before, scope.signal)),
    remove: (item) => change(() => api.take_from_queue([item], scope.signal)),
    shuffle: (on) => change(() => api.shuffle_queue(on, scope.signal)),
    repeat: (how) => change(() => api.set_queue({ repeat: how }, scope.signal)),
    undo: () => change(() => api.undo_queue(scope.signal)),
    async step(from, by, unasked) {
      await last.catch(() => {});
      const { total, repeat, at_index } = state.peek();
      if (unasked && repeat === "one") return from;
      const here = index_of(from);
      // What played was taken out: the music is where its follower stands.
      let i = here >= 0 ? here + by : by > 0 ? (at_index ?? total) : (at_index ?? 0) - 1;
      for (let n = 0; n < total; n++, i += by) {
        if (repeat === "all") i = (i + total) % total;
        const found = await listing.at(i);
        if (found && found.track.state !== "failed") return found;
        if (!found) break;
      }
      return by > 0 && repeat === "radio" && from !== null ? go_on(from) : null;
    },
    tell(entry, position_s, leaving = false) {
      const i = index_of(entry);
      if (entry.item === null || i < 0) return;
      const where = { at: entry.item, position_s: Math.max(0, Math.round(position_s * 1000) / 1000) };
      state.value = { ...state.peek(), at: entry.item, at_index: i, position_s: where.position_s };
      if (leaving) api.leave_queue(where);
      else quietly((last = last.catch(() => {}).then(async () => take(await api.set_queue(where, scope.signal)))));
    },
    current,
    on_change(tell) {
      hearers.add(tell);
      return () => void hearers.delete(tell);
    },
  };
}
