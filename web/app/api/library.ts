/** The library as a whole: its scan, its folders, what is wrong with it, and its figures. */
import { ask, query } from "./ask";
import type { Fault, Folder, List, Missing, Scan, Statistics, Version } from "./types";

export const scan = (signal: AbortSignal) => ask<Scan>("/api/library/scan", signal);
export const start_scan = (signal: AbortSignal) => ask<unknown>("/api/library/scan", signal, "POST");
export const stop_scan = (signal: AbortSignal) => ask<unknown>("/api/library/scan", signal, "DELETE");
export const forget_missing = (signal: AbortSignal) => ask<unknown>("/api/library/missing", signal, "DELETE");
export const retry_faults = (signal: AbortSignal) => ask<unknown>("/api/library/faults/retry", signal, "POST");
export const retry_fault = (id: string, signal: AbortSignal) => ask<unknown>(`/api/library/faults/${encodeURIComponent(id)}/retry`, signal, "POST");
export const faults = (sort: string, offset: number, limit: number, signal: AbortSignal) =>
  ask<List<Fault>>(`/api/library/faults${query({ sort, limit, offset })}`, signal);
export const missing = (sort: string, offset: number, limit: number, signal: AbortSignal) =>
  ask<List<Missing>>(`/api/library/missing${query({ sort, limit, offset })}`, signal);
/** What lies right in a directory; null: the library's folders. */
export const directories = (dir: string | null, sort: string | null, offset: number, limit: number, signal: AbortSignal) =>
  ask<Folder>(`/api/library/folders${query({ dir, sort, limit, offset })}`, signal);
export const statistics = (signal: AbortSignal) => ask<Statistics>("/api/library/statistics", signal);
export const version = (signal: AbortSignal) => ask<Version>("/api/version", signal);
export const health = (signal: AbortSignal) => ask<unknown>("/api/health", signal);
