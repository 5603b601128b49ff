/** What a listener makes of tracks: favourites, stars, what was heard, and how one shall always sound. */
import { ask, leave_word, query } from "./ask";
import { of_track } from "./tracks";
import type { Always, Heard, List, Play } from "./types";

const favorite = (id: string) => `/api/favorites/${encodeURIComponent(id)}`;

export const set_favorite = (id: string, on: boolean, signal: AbortSignal) =>
  ask<unknown>(favorite(id), signal, on ? "PUT" : "DELETE");
export const set_rating = (id: string, stars: number | null, signal: AbortSignal) =>
  stars === null ? ask<unknown>(`${of_track(id)}/rating`, signal, "DELETE") : ask<unknown>(`${of_track(id)}/rating`, signal, "PUT", { stars });

export const history = (sort: string, offset: number, limit: number, signal: AbortSignal) =>
  ask<List<Play>>(`/api/history${query({ sort, limit, offset })}`, signal);

const play = (id: string) => `/api/history/${encodeURIComponent(id)}`;

export const put_heard = (id: string, heard: Heard, signal: AbortSignal) => ask<{ counted: boolean }>(play(id), signal, "PUT", heard);
export const leave_heard = (id: string, heard: Heard): void => leave_word(play(id), "PUT", heard);

/** Of what a taste is remembered, and under which id. */
export type Remembered = { of: "track" | "album"; id: string };

const taste_of = ({ of, id }: Remembered) => `/api/${of}s/${encodeURIComponent(id)}/taste`;

export const set_always = (one: Remembered, taste: Always | null, signal: AbortSignal) =>
  taste === null ? ask<unknown>(taste_of(one), signal, "DELETE") : ask<unknown>(taste_of(one), signal, "PUT", taste);
