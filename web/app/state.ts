/** The app: its rooms put together, in the order in which they need each other. */
import { signal } from "@preact/signals";
import type { Engine } from "../audio/engine";
import { always } from "./always";
import type { Track } from "./api";
import { browse } from "./browse";
import { by_sound } from "./by-sound";
import type { Entry } from "./entry";
import { type Doors, keys } from "./keys";
import { heard } from "./heard";
import { jobs } from "./jobs";
import { library } from "./library";
import { marks } from "./marks";
import { places } from "./place";
import { playback } from "./playback";
import { playlists } from "./playlists";
import { queue } from "./queue";
import { reference } from "./reference";
import type { Scope } from "./scope";
import { secure } from "./secure";
import { session } from "./session";
import { settings } from "./settings";

/** What lies over the page: the deck as a sheet (phones), the help, the choice of a reference, the queue, what is sung, what is known of a track, or nothing. */
export type Sheet = "none" | "deck" | "help" | "reference" | "queue" | "lyrics" | "about";

/** The menu of a track that is open, and where. */
export interface Menu {
  x: number;
  y: number;
  entry: Entry;
  /** What can be done with it only in this list. */
  more: readonly { words: string; run(): void }[];
  /** What has the keyboard when it closes. */
  back: HTMLElement | null;
}

export type App = ReturnType<typeof state>;

export function state(engine: Engine, scope: Scope) {
  const kept = settings(scope);
  const house = library(scope);
  const where = places(scope);
  const lists = playlists(house, where, scope);
  const copies = jobs(house, kept, scope);
  const seen = browse(where, house, lists, copies, scope);
  const line = queue(house, scope);
  const player = playback(engine, house, seen, line, kept, scope);
  const marked = marks(house, scope);
  heard(player, house, scope);
  const like = reference(house, player, kept, scope);
  const sheet = signal<Sheet>("none");
  /** What the sheet about a track is about. */
  const about = signal<Track | null>(null);
  const menu = signal<Menu | null>(null);
  const narrow = signal(false);
  scope.media("(max-width: 719px)", (matches) => (narrow.value = matches));
  const doors: Doors = {
    // The header hangs its own field here.
    focus_search: () => {},
    toggle: (name) => {
      sheet.value = sheet.peek() === name ? "none" : name;
    },
  };
  keys(player, marked, kept, doors, scope);
  session(player, scope);
  return {
    scope,
    settings: kept,
    library: house,
    /** Where the page is had over https, while it is not. */
    https: secure(scope),
    places: where,
    browse: seen,
    playlists: lists,
    jobs: copies,
    queue: line,
    playback: player,
    by_sound: by_sound(player, line, scope),
    marks: marked,
    always: always(player, kept, scope),
    reference: like,
    sheet,
    about,
    menu,
    /** Whether the window is a phone's. */
    narrow,
    doors,
  };
}
