/** What of the library is on screen: the list of the place where the page is, and the search. */
import { effect, type ReadonlySignal, signal } from "@preact/signals";
import * as api from "./api";
import { type Entry, entry, mapped } from "./entry";
import { type Folder, folder } from "./folders";
import type { Jobs } from "./jobs";
import type { Library } from "./library";
import { Listing, type Source } from "./listing";
import { address, type Place, type Places } from "./place";
import type { Playlists } from "./playlists";
import type { Scope } from "./scope";
import { order_of, said } from "./sorts";

/** Pause before a keystroke asks the server, in ms: below what feels late, above a fast typist's pace. */
const TYPING_MS = 90;
/** News of tracks are gathered for so long, in ms, before the rows are asked for again. */
const NEWS_MS = 400;
/** So many lists are kept as they were left. */
const KEPT = 12;
/** Albums and artists shown above the tracks that were found. */
const FOUND = 12;

/** What a page is about. */
export type Head =
  | { kind: "album"; of: api.Album }
  | { kind: "artist"; of: api.Artist }
  | { kind: "genre"; of: api.Genre; albums: readonly api.Album[] }
  | { kind: "folder"; of: Folder }
  | { kind: "playlist"; of: api.Playlist };

export type Screen = { readonly place: Place } & (
  | {
      readonly kind: "tracks";
      readonly listing: Listing<Entry>;
      readonly head: ReadonlySignal<Head | null>;
      /** Albums and artists that are called as what is looked for. */
      readonly found: ReadonlySignal<api.Found | null>;
    }
  | { readonly kind: "albums"; readonly listing: Listing<api.Album> }
  | { readonly kind: "names"; readonly listing: Listing<api.Artist | api.Genre> }
  | { readonly kind: "playlists"; readonly listing: Listing<api.Playlist> }
  | { readonly kind: "copies"; readonly listing: Listing<api.Job> }
  | { readonly kind: "folders"; readonly listing: Listing<api.Directory> }
  | { readonly kind: "failed"; readonly listing: Listing<api.Fault> }
  | { readonly kind: "missing"; readonly listing: Listing<api.Missing> }
  /** One sheet of figures, asked for and followed as a list of one. */
  | { readonly kind: "statistics"; readonly listing: Listing<api.Statistics> }
);

/** What is wrong with what is looked for, and at which of its characters. */
export interface Wrong {
  q: string;
  at: number | null;
  message: string;
}

export interface Browse {
  readonly screen: ReadonlySignal<Screen>;
  /** What stands in the search field. */
  readonly words: ReadonlySignal<string>;
  readonly wrong: ReadonlySignal<Wrong | null>;
  search(words: string): void;
  /** Orders the list on screen; by the same again, the other way round. */
  order_by(by: string): void;
  /** Asks again for the list on screen. */
  retry(): void;
}

const alone = <T>(item: T): api.List<T> => ({ items: [item], total: 1, offset: 0, limit: 1, has_more: false });

export function browse(places: Places, library: Library, playlists: Playlists, jobs: Jobs, scope: Scope): Browse {
  const { place } = places;
  const words = signal(place.peek().q);
  const wrong = signal<Wrong | null>(null);
  /** As they were left, the latest last. */
  const kept = new Map<string, { screen: Screen; refresh: () => Promise<unknown> }>();
  let cancel_typing = () => {};
  let cancel_news: (() => void) | null = null;

  const { screen: first } = opened(place.peek());
  const screen = signal(first);

  /** The screen of a place: as it was left, or a fresh one. */
  function opened(to: Place): { screen: Screen; refresh: () => Promise<unknown> } {
    const name = address(to);
    const one = kept.get(name) ?? fresh(to);
    kept.delete(name);
    kept.set(name, one);
    for (const old of [...kept.keys()].slice(0, -KEPT)) kept.delete(old);
    return one;
  }

  function fresh(to: Place): { screen: Screen; refresh: () => Promise<unknown> } {
    const sort = said(order_of(to));
    switch (to.view) {
      case "albums":
        return of_groups({ place: to, kind: "albums", listing: new Listing((...part) => api.albums({ sort }, ...part), scope) });
      case "artists":
        return of_groups({ place: to, kind: "names", listing: new Listing<api.Artist | api.Genre>((...part) => api.artists({ sort }, ...part), scope) });
      case "genres":
        return of_groups({ place: to, kind: "names", listing: new Listing<api.Artist | api.Genre>((...part) => api.genres({ sort }, ...part), scope) });
      case "playlists":
        return { screen: { place: to, kind: "playlists", listing: playlists.listing }, refresh: () => playlists.order(sort) };
      case "copies":
        return of_groups({ place: to, kind: "copies", listing: jobs.listing });
      case "folders":
        return of_groups({ place: to, kind: "folders", listing: new Listing((...part) => api.directories(null, sort, ...part), scope) });
      case "failed":
        return of_groups({ place: to, kind: "failed", listing: new Listing((...part) => api.faults(sort, ...part), scope) });
      case "missing":
        return of_groups({ place: to, kind: "missing", listing: new Listing((...part) => api.missing(sort, ...part), scope) });
      case "statistics":
        return of_groups({ place: to, kind: "statistics", listing: new Listing(async () => alone(await api.statistics(scope.signal)), scope) });
      case "folder": {
        const { tracks, bring } = folder(to.id, sort, scope);
        return of_tracks(to, tracks, async () => ({ kind: "folder", of: await bring() }));
      }
      case "playlist":
        return of_tracks(to, async (...part) =>
          mapped(await api.playlist_items(to.id, ...part), ({ track, item_id }) => ({ track, item: item_id, at: null })),
        );
      case "history":
        return of_tracks(to, async (...part) => mapped(await api.history(sort, ...part), ({ track, at }) => ({ track, item: null, at })));
      case "favourites":
        return of_tracks(to, async (...part) => mapped(await api.tracks({ q: "is:favorite", sort }, ...part), entry));
      case "album":
      case "artist":
      case "genre":
        return of_tracks(to, async (...part) => mapped(await api.tracks({ [to.view]: to.id, sort }, ...part), entry));
      default:
        return of_tracks(to, async (...part) => mapped(await api.tracks({ q: to.q, sort }, ...part), entry));
    }
  }

  function of_groups(screen: Screen) {
    return { screen, refresh: () => screen.listing.refresh() };
  }

  function of_tracks(to: Place, source: Source<Entry>, bring: () => Promise<Head | null> = () => bring_head(to)) {
    const listing = new Listing(source, scope);
    const head = signal<Head | null>(null);
    const found = signal<api.Found | null>(null);
    const refresh = async () => {
      const brought = bring();
      // What is wrong is said where the list would be: that is waited for first.
      brought.catch(() => {});
      await listing.refresh();
      head.value = await brought;
      found.value = await bring_found(to);
    };
    const screen: Screen = { place: to, kind: "tracks", listing, head, found };
    return { screen, refresh };
  }

  async function bring_head({ view, id }: Place): Promise<Head | null> {
    if (view === "album") return { kind: view, of: await api.album(id, scope.signal) };
    if (view === "artist") return { kind: view, of: await api.artist(id, scope.signal) };
    if (view === "playlist") return { kind: view, of: await api.playlist(id, scope.signal) };
    if (view !== "genre") return null;
    const [of, albums] = await Promise.all([
      api.genre(id, scope.signal),
      api.albums({ genre: id, sort: "-year" }, 0, 100, scope.signal),
    ]);
    return { kind: view, of, albums: albums.items };
  }

  /** By the words of a rule; an extra: where it cannot be had, it is not missed. */
  async function bring_found({ view, q }: Place): Promise<api.Found | null> {
    if (view !== "tracks" || q === "") return null;
    return api.search(q, FOUND, scope.signal).catch(() => null);
  }

  const is_wanted = (one: Screen) => address(one.place) === address(place.peek());

  /** Shows the list of the place; the one before stays on screen until its first rows are there. */
  function renew(): void {
    const { screen: next, refresh } = opened(place.peek());
    const show = () => {
      if (!is_wanted(next)) return;
      screen.value = next;
      wrong.value = null;
    };
    if (next.listing.phase.peek().name === "ready") show();
    library.follow(
      refresh().then(show, (problem: unknown) => {
        if (scope.ended || !is_wanted(next)) throw problem;
        const { q } = next.place;
        if (q !== "" && problem instanceof api.Problem && problem.next === "mend") wrong.value = { q, at: problem.at, message: problem.message };
        else if (next.listing.phase.peek().name === "failed" && screen.peek() !== next) screen.value = next;
        throw problem;
      }),
    );
  }

  function later(): void {
    cancel_news ??= scope.timeout(NEWS_MS, () => {
      cancel_news = null;
      renew();
    });
  }

  scope.own(
    effect(() => {
      if (place.value.q !== words.peek().trim()) words.value = place.value.q;
      cancel_typing();
      renew();
    }),
  );
  for (const event of ["measured", "failed", "library"] as const) scope.own(library.hear(event, later));
  scope.own(
    library.hear("changed", () => {
      if (["favourites", "history", "statistics"].includes(place.peek().view)) later();
    }),
  );
  scope.own(library.hear("playlists", () => void (place.peek().view === "playlist" && renew())));
  scope.own(library.on_return(renew));

  return {
    screen,
    words,
    wrong,
    search(text) {
      words.value = text;
      cancel_typing();
      cancel_typing = scope.timeout(TYPING_MS, () => {
        const q = text.trim();
        if (place.peek().view === "tracks") places.amend({ q, sort: null });
        else if (q !== "") places.go({ view: "tracks", id: null, q, sort: null });
      });
    },
    order_by(by) {
      const now = order_of(place.peek());
      places.amend({ sort: said({ by, descending: now.by === by && !now.descending }) });
    },
    retry: renew,
  };
}
