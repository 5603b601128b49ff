/** Playlists: made, told anew, filled, put in order, deleted; and the sheets in which that is done. */
import { type ReadonlySignal, signal } from "@preact/signals";
import * as api from "./api";
import type { Library } from "./library";
import { Listing } from "./listing";
import type { Places } from "./place";
import type { Scope } from "./scope";
import { count, sentence } from "./words";

/** Pause before a keystroke asks the server, in ms, as in the search. */
const TYPING_MS = 150;

/** What is being written of a playlist: a new one, or one that is there. */
export interface Form {
  id: string | null;
  name: string;
  /** Null: it is put together by hand. */
  rule: string | null;
  /** What a new one begins with. */
  track_ids: readonly string[];
}

/** What a rule finds now, or what is wrong with it and where. */
export type Finds = { total: number } | { message: string; at: number | null };

export interface Playlists {
  /** All there are, in the order last asked for. */
  readonly listing: Listing<api.Playlist>;
  readonly form: ReadonlySignal<Form | null>;
  readonly finds: ReadonlySignal<Finds | null>;
  /** The tracks for which a playlist is being chosen. */
  readonly choosing: ReadonlySignal<readonly string[] | null>;
  /** All that can take one: those put together by hand; null until they are there. */
  readonly by_hand: ReadonlySignal<readonly api.Playlist[] | null>;
  /** What became of the last wish, if that must be said. */
  readonly notice: ReadonlySignal<string | null>;
  /** Puts them in an order. */
  order(sort: string): Promise<unknown>;
  write(form: Form | null): void;
  /** Keeps what was written; false if it could not be. */
  keep(): Promise<boolean>;
  choose_for(track_ids: readonly string[] | null): void;
  add(to: api.Playlist, track_ids: readonly string[]): Promise<void>;
  move(id: string, item: string, before: string | null): Promise<void>;
  take_out(id: string, item: string): Promise<void>;
  undo(id: string): Promise<void>;
  remove(id: string): Promise<void>;
  import(file: File): Promise<void>;
  forget_notice(): void;
}

export function playlists(library: Library, places: Places, scope: Scope): Playlists {
  const form = signal<Form | null>(null);
  const finds = signal<Finds | null>(null);
  const choosing = signal<readonly string[] | null>(null);
  const by_hand = signal<readonly api.Playlist[] | null>(null);
  const notice = signal<string | null>(null);
  let sort = "name";
  const listing = new Listing<api.Playlist>((...part) => api.playlists(sort, ...part), scope);
  let cancel_typing = () => {};

  /** Does it, or says why not. */
  async function attempt<T>(work: Promise<T>): Promise<T | null> {
    try {
      return await work;
    } catch (problem) {
      if (!scope.ended) notice.value = sentence(problem instanceof Error ? problem.message : "");
      return null;
    }
  }
  const done = async (work: Promise<unknown>) => void (await attempt(work));
  const go = (id: string) => places.go({ view: "playlist", id, q: "", sort: null });

  /** What the rule finds while it is written. */
  async function try_out(rule: string): Promise<void> {
    const told = await api.tracks({ q: rule }, 0, 1, scope.signal).then(
      ({ total }): Finds => ({ total }),
      (problem: unknown): Finds | null => (problem instanceof api.Problem ? { message: problem.message, at: problem.at } : null),
    );
    if (form.peek()?.rule?.trim() === rule) finds.value = told;
  }

  /** All at once: which are called so is known only here. */
  async function gather(): Promise<void> {
    await listing.at(0);
    const all = await listing.between(0, listing.total.peek());
    by_hand.value = all.filter(({ rule }) => rule === null);
  }

  const reread = () => {
    const read = listing.refresh();
    library.follow(choosing.peek() ? read.then(gather) : read);
  };
  for (const event of ["playlists", "library"] as const) scope.own(library.hear(event, reread));
  scope.own(library.on_return(reread));
  reread();

  return {
    listing,
    form,
    finds,
    choosing,
    by_hand,
    notice,
    order(by) {
      sort = by;
      return listing.refresh();
    },
    write(now) {
      const rule = now?.rule?.trim();
      if (rule !== form.peek()?.rule?.trim()) {
        finds.value = null;
        cancel_typing();
        if (rule !== undefined) cancel_typing = scope.timeout(TYPING_MS, () => void try_out(rule));
      }
      form.value = now;
    },
    async keep() {
      const now = form.peek();
      if (!now) return false;
      const told: api.PlaylistTold = { name: now.name.trim(), ...(now.rule === null ? {} : { rule: now.rule.trim() }) };
      const kept = await attempt(
        now.id === null ? api.new_playlist(told, [...now.track_ids], scope.signal) : api.tell_playlist(now.id, told, scope.signal),
      );
      if (!kept) return false;
      form.value = null;
      if (now.id === null && now.track_ids.length > 0) notice.value = `${kept.name} has ${count(kept.n_tracks, "track", "tracks")}.`;
      else if (now.id === null) go(kept.id);
      return true;
    },
    choose_for(track_ids) {
      choosing.value = track_ids;
      if (track_ids) void done(gather());
    },
    async add(to, track_ids) {
      choosing.value = null;
      const added = await attempt(api.add_to_playlist(to.id, [...track_ids], scope.signal).then(() => true));
      if (added) notice.value = `Added to ${to.name}.`;
    },
    move: (id, item, before) => done(api.move_in_playlist(id, [item], before, scope.signal)),
    take_out: (id, item) => done(api.take_from_playlist(id, [item], scope.signal)),
    undo: (id) => done(api.undo_playlist(id, scope.signal)),
    async remove(id) {
      // First away from its page, which could not be read any more.
      places.go({ view: "playlists", id: null, q: "", sort: null });
      await done(api.delete_playlist(id, scope.signal));
    },
    async import(file) {
      const made = await attempt(api.import_playlist(file.name.replace(/\.m3u8?$/i, ""), file, scope.signal));
      if (!made) return;
      const n = made.unmatched?.length ?? 0;
      if (n > 0) notice.value = `${count(n, "file", "files")} of ${file.name} ${n === 1 ? "is" : "are"} not in the library: ${made.unmatched?.[0]}${n > 1 ? " and others" : ""}.`;
      go(made.id);
    },
    forget_notice() {
      notice.value = null;
    },
  };
}
