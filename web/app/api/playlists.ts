/** Playlists: put together by hand, or by a rule. */
import { ask, query, sent } from "./ask";
import type { Item, List, Playlist, PlaylistTold } from "./types";

const PATH = "/api/playlists";
const one = (id: string) => `${PATH}/${encodeURIComponent(id)}`;

export const playlists = (sort: string, offset: number, limit: number, signal: AbortSignal) =>
  ask<List<Playlist>>(`${PATH}${query({ sort, limit, offset })}`, signal);
export const playlist = (id: string, signal: AbortSignal) => ask<Playlist>(one(id), signal);
export const playlist_items = (id: string, offset: number, limit: number, signal: AbortSignal) =>
  ask<List<Item>>(`${one(id)}/items${query({ limit, offset })}`, signal);
export const new_playlist = (told: PlaylistTold, track_ids: string[], signal: AbortSignal) =>
  ask<Playlist>(PATH, signal, "POST", track_ids.length > 0 ? { ...told, track_ids } : told);
export const tell_playlist = (id: string, told: PlaylistTold, signal: AbortSignal) => ask<Playlist>(one(id), signal, "PUT", told);
export const delete_playlist = (id: string, signal: AbortSignal) => ask<unknown>(one(id), signal, "DELETE");
export const add_to_playlist = (id: string, track_ids: string[], signal: AbortSignal) => ask<unknown>(`${one(id)}/items`, signal, "POST", { track_ids });
export const move_in_playlist = (id: string, item_ids: string[], before: string | null, signal: AbortSignal) =>
  ask<unknown>(`${one(id)}/items/move`, signal, "POST", { item_ids, before });
export const take_from_playlist = (id: string, item_ids: string[], signal: AbortSignal) =>
  ask<unknown>(`${one(id)}/items/remove`, signal, "POST", { item_ids });
export const undo_playlist = (id: string, signal: AbortSignal) => ask<unknown>(`${one(id)}/undo`, signal, "POST");
/** A playlist file's paths are looked for in the library. */
export const import_playlist = (name: string, file: Blob, signal: AbortSignal) =>
  sent<Playlist>(`${PATH}/import${query({ name })}`, { method: "POST", body: file, signal });
/** Address of one as a file. */
export const playlist_file = (id: string) => `${one(id)}/m3u8`;
