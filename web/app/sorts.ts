/** What each list can be ordered by, in the server's words and in a person's. */
import type { Place } from "./place";

export interface Order {
  by: string;
  descending: boolean;
}

type Table = readonly (readonly [by: string, words: string])[];

/** The best first, where words are looked for: not turned round. */
export const RANK = "rank";

const TRACKS: Table = [
  ["album", "Album"], ["title", "Title"], ["artist", "Artist"], ["year", "Year"], ["added", "Added"], ["lufs", "Loudness"],
  ["lra", "Range"], ["bpm", "Tempo"], ["duration", "Time"], ["rating", "Stars"], ["plays", "Plays"], ["played", "Last played"],
  ["path", "File"],
];
const ALBUMS: Table = [
  ["name", "Title"], ["year", "Year"], ["added", "Added"], ["tracks", "Tracks"], ["duration", "Time"], ["plays", "Plays"],
  ["played", "Last played"],
];
const NAMES: Table = [
  ["name", "Name"], ["albums", "Albums"], ["tracks", "Tracks"], ["added", "Added"], ["duration", "Time"], ["plays", "Plays"],
  ["played", "Last played"],
];

const FOLDERS: Table = [["name", "Name"], ["tracks", "Tracks"]];
const PLAYLISTS: Table = [["name", "Name"], ["created", "Made"], ["changed", "Changed"]];
const HISTORY: Table = [["at", "When"], ["title", "Title"], ["artist", "Artist"], ["listened", "How long"]];
const FAULTS: Table = [["path", "Path"], ["stage", "Stage"], ["at", "When"]];
const MISSING: Table = [["since", "Since when"], ["title", "Title"], ["path", "Path"]];

/** Orders of all tracks that one wants at once. */
export const QUICK: Table = [["-added", "Recently added"], ["-played", "Recently played"], ["-plays", "Most played"]];

/** The usual order, where it is not the first one that a list can have. */
const USUAL: Partial<Record<Place["view"], string>> = { favourites: "-favored", history: "-at", missing: "-since" };

/** What the list of a place can be ordered by; nothing where its order is its meaning. */
export function sorts({ view, q }: Place): Table {
  switch (view) {
    case "tracks":
      return q === "" ? TRACKS : [[RANK, "Best match"], ...TRACKS];
    case "album":
    case "artist":
    case "genre":
    case "folder":
      return TRACKS;
    case "favourites":
      return [["favored", "When it was liked"], ...TRACKS];
    case "albums":
      return ALBUMS;
    case "artists":
    case "genres":
      return NAMES;
    case "failed":
      return FAULTS;
    case "missing":
      return MISSING;
    case "folders":
      return FOLDERS;
    case "history":
      return HISTORY;
    case "playlists":
      return PLAYLISTS;
    case "copies":
    case "playlist":
    case "statistics":
      return [];
  }
}

/** The order of a place's list: what its address says, else what is usual there. */
export function order_of(place: Place): Order {
  const said = place.sort ?? USUAL[place.view] ?? sorts(place)[0]?.[0] ?? "";
  return said.startsWith("-") ? { by: said.slice(1), descending: true } : { by: said, descending: false };
}

/** As the server is asked for it. */
export const said = ({ by, descending }: Order): string => `${descending ? "-" : ""}${by}`;
