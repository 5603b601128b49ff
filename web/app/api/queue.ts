/** What plays next, the same on every page. */
import { ask, leave_word, query } from "./ask";
import type { Item, List, QueueState, Whereabouts } from "./types";

type State = Promise<QueueState>;
const PATH = "/api/queue";

export const queue = (offset: number, limit: number, signal: AbortSignal) =>
  ask<List<Item> & QueueState>(`${PATH}${query({ limit, offset })}`, signal);
export const replace_queue = (track_ids: string[], at: number, signal: AbortSignal): State => ask(PATH, signal, "PUT", { track_ids, at });
export const add_to_queue = (track_ids: string[], before: string | null, signal: AbortSignal): State =>
  ask(`${PATH}/items`, signal, "POST", { track_ids, before });
export const move_in_queue = (item_ids: string[], before: string | null, signal: AbortSignal): State =>
  ask(`${PATH}/items/move`, signal, "POST", { item_ids, before });
export const take_from_queue = (item_ids: string[], signal: AbortSignal): State => ask(`${PATH}/items/remove`, signal, "POST", { item_ids });
export const shuffle_queue = (on: boolean, signal: AbortSignal): State => ask(`${PATH}/shuffle`, signal, "PUT", { on });
export const undo_queue = (signal: AbortSignal): State => ask(`${PATH}/undo`, signal, "POST");

export const set_queue = (where: Whereabouts, signal: AbortSignal): State => ask(PATH, signal, "PATCH", where);
export const leave_queue = (where: Whereabouts): void => leave_word(PATH, "PATCH", where);
