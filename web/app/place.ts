/** Where in the library the page is: an address behind the `#`, so that back, forward and a reload work. */
import { type ReadonlySignal, signal } from "@preact/signals";
import type { Scope } from "./scope";

/** The ways through the library, in their order. */
export const VIEWS = ["tracks", "albums", "artists", "genres", "folders", "playlists", "favourites", "history", "statistics"] as const;
/** Where the troubles are: files that failed, and tracks whose files are missing. */
export const TROUBLES = ["failed", "missing"] as const;
const PLAIN = [...VIEWS, ...TROUBLES, "copies"] as const;
export type View = (typeof PLAIN)[number];
/** What has a page of its own. */
export const KINDS = ["album", "artist", "genre", "folder", "playlist"] as const;
export type Kind = (typeof KINDS)[number];

export type Place =
  | { view: View; id: null; q: string; sort: string | null }
  | { view: Kind; id: string; q: string; sort: string | null };

/** Where the page begins. */
const HOME: Place = { view: "tracks", id: null, q: "", sort: null };

/** The address of a place, as a link has it. */
export function address({ view, id, q, sort }: Place): string {
  const fields = new URLSearchParams();
  if (q !== "") fields.set("q", q);
  if (sort !== null) fields.set("sort", sort);
  const words = fields.toString();
  return `#/${view}${id === null ? "" : `/${encodeURIComponent(id)}`}${words === "" ? "" : `?${words}`}`;
}

/** The address of one way, of all tracks in an order, of those that a rule finds, or of the page of one thing. */
export const to_view = (view: View): string => address({ ...HOME, view });
export const to_order = (sort: string): string => address({ ...HOME, sort });
export const to_search = (q: string): string => address({ ...HOME, q });
export const to_one = (view: Kind, id: string): string => address({ view, id, q: "", sort: null });

/** The place an address means; what means nothing is home. */
export function place_of(hash: string): Place {
  const [path = "", words = ""] = hash.replace(/^#\/?/, "").split("?", 2);
  const [name, told] = path.split("/", 2);
  const fields = new URLSearchParams(words);
  const sort = fields.get("sort");
  const view = PLAIN.find((one) => one === name);
  if (view) return { view, id: null, q: view === "tracks" ? (fields.get("q") ?? "") : "", sort };
  const kind = KINDS.find((one) => one === name);
  const id = decoded(told);
  return kind && id ? { view: kind, id, q: "", sort } : HOME;
}

function decoded(text: string | undefined): string {
  try {
    return decodeURIComponent(text ?? "");
  } catch {
    return "";
  }
}

export interface Places {
  readonly place: ReadonlySignal<Place>;
  /** Goes somewhere else; back leads here again. */
  go(to: Place): void;
  /** The same place seen otherwise: back leads to where one came from. */
  amend(to: Partial<Pick<Place, "q" | "sort">>): void;
}

export function places(scope: Scope): Places {
  const place = signal(place_of(location.hash));
  const look = () => {
    const now = place_of(location.hash);
    if (address(now) !== address(place.peek())) place.value = now;
  };
  scope.listen(window, "popstate", look);
  scope.listen(window, "hashchange", look);
  return {
    place,
    go(to) {
      history.pushState(null, "", address(to));
      look();
    },
    amend(to) {
      history.replaceState(history.state, "", address({ ...place.peek(), ...to }));
      look();
    },
  };
}
