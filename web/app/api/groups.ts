/** Albums, artists and genres, and the search in all of them. */
import { ask, query } from "./ask";
import type { Album, Artist, Found, Genre, List } from "./types";

/** Which of them, in which order. */
export interface WantedGroups {
  artist?: string;
  genre?: string;
  sort?: string | null;
}

const groups =
  <T>(path: string) =>
  ({ artist, genre, sort }: WantedGroups, offset: number, limit: number, signal: AbortSignal) =>
    ask<List<T>>(`${path}${query({ artist: artist ?? null, genre: genre ?? null, sort: sort ?? null, limit, offset })}`, signal);

export const albums = groups<Album>("/api/albums");
export const artists = groups<Artist>("/api/artists");
export const genres = groups<Genre>("/api/genres");

const one = (path: string, id: string) => `${path}/${encodeURIComponent(id)}`;

export const album = (id: string, signal: AbortSignal) => ask<Album>(one("/api/albums", id), signal);
export const artist = (id: string, signal: AbortSignal) => ask<Artist>(one("/api/artists", id), signal);
export const genre = (id: string, signal: AbortSignal) => ask<Genre>(one("/api/genres", id), signal);

export const search = (q: string, limit: number, signal: AbortSignal) => ask<Found>(`/api/search${query({ q, limit })}`, signal);
