/** Tracks, and what was measured of them. */
import { ask, query } from "./ask";
import type { Fingerprint, List, Lyrics, Similar, Track, TrackDetails, Waveform } from "./types";

/** Which tracks, in which order: a rule, and what they shall be of. */
export interface Wanted {
  q?: string;
  artist?: string;
  album?: string;
  genre?: string;
  /** Right in a directory, or anywhere below it. */
  dir?: string;
  below?: string;
  /** Null: the best first where words are looked for, else by album. */
  sort?: string | null;
}

export const tracks = (wanted: Wanted, offset: number, limit: number, signal: AbortSignal): Promise<List<Track>> => {
  const { q, artist = null, album = null, genre = null, dir = null, below = null, sort = null } = wanted;
  return ask(`/api/tracks${query({ q: q || null, artist, album, genre, dir, below, sort, limit, offset })}`, signal);
};

export const of_track = (id: string) => `/api/tracks/${encodeURIComponent(id)}`;

export const track = (id: string, signal: AbortSignal) => ask<TrackDetails>(of_track(id), signal);
export const lyrics = (id: string, signal: AbortSignal) => ask<Lyrics>(`${of_track(id)}/lyrics`, signal);
export const fingerprint = (id: string, signal: AbortSignal) => ask<Fingerprint>(`${of_track(id)}/fingerprint`, signal);
export const waveform = (id: string, signal: AbortSignal) => ask<Waveform>(`${of_track(id)}/waveform`, signal);
export const similar = (id: string, limit: number, signal: AbortSignal) => ask<List<Similar>>(`${of_track(id)}/similar${query({ limit })}`, signal);
/** What goes on from a track by its sound, without what is still to come and what was heard lately. */
export const radio = (id: string, limit: number, signal: AbortSignal) => ask<List<Similar>>(`${of_track(id)}/radio${query({ limit })}`, signal);
/** What leads from a track to another by its sound. */
export const path = (id: string, to: string, limit: number, signal: AbortSignal) => ask<List<Similar>>(`${of_track(id)}/path${query({ to, limit })}`, signal);

/** What is known of a track's picture; its dominant colour as CSS has it, null where there is none. */
export interface Picture {
  colour: string | null;
}

export const picture = (id: string, signal: AbortSignal) => ask<Picture>(`${of_track(id)}/artwork/colour`, signal);

/** Sizes in pixels of the covers that are asked for: few, so that rows and deck share them. */
const COVERS_PX = [128, 256, 512, 1024];

/** Address of a track's cover, its own art or else its aura, sharp where it is `px` wide in CSS pixels. */
export const artwork = (id: string, px: number) => {
  // Two pixels for each: screens that have fewer hide it, and few have more.
  const size = COVERS_PX.find((size) => size >= 2 * px) ?? 1024;
  return `${of_track(id)}/artwork?size=${size}`;
};
/** Address of a track's aura. */
export const aura = (id: string) => `${of_track(id)}/artwork?kind=aura`;
