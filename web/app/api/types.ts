/** What crosses HTTP, as the interface's document has it: types.mjs makes gen/api.ts of server/openapi.json. */
import type * as api from "../../gen/api";

export type {
  Album, Artist, Directory, DirectoryOnTheWay, Fault, Fingerprint, Folder, Found, Genre, Heard, Item, Job, JobNew, JobPreview, Lyrics, Missing, Playlist, PlaylistTold, Repeat, Scan, Similar,
  Statistics, Step, Track, TrackDetails, Version, Waveform,
} from "../../gen/api";

export type TrackState = api.Track["state"];
export type Always = api.Taste;
export type Play = api.Played;
/** The queue but for what is in it. */
export type QueueState = Omit<api.Queue, keyof List<never>> & Pick<api.Queue, "total">;
/** Where the music is, and what follows the last track. */
export type Whereabouts = api.QueueSet;
/** A part of a list; all lists are cut alike. */
export type List<T> = Omit<api.TrackList, "items"> & { items: T[] };
/** What the server says of its own accord, over `/ws`. */
export type News = api.Event;
