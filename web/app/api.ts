/**
 * The server's JSON, and the one way to ask for it. What cannot be had is a `Problem` (RFC 9457), whose
 * `next` says what the caller can do about it.
 */

export type TrackState = "waiting" | "measuring" | "measured" | "failed" | "missing";

export interface Track {
  id: string;
  title: string;
  artists: string[];
  album: string | null;
  album_artist: string | null;
  track_no: number | null;
  disc_no: number | null;
  year: number | null;
  duration_s: number;
  sample_rate: number;
  channels: number;
  codec: string;
  /** Counted while measuring; null until then. */
  n_frames: number | null;
  measured: boolean;
  state: TrackState;
  /** Why measuring failed, in words. */
  fault: string | null;
  lufs: number | null;
  true_peak_dbtp: number | null;
  gapless_after: string | null;
}

export interface List<T> {
  items: T[];
  total: number;
  limit: number;
  offset: number;
  has_more: boolean;
}

/** A track that sounds like another. */
export interface Similar {
  track: Track;
  /** 1 where everything differs as much as music often does. */
  distance: number;
  /** What it is beside the other, the greatest difference first. */
  reasons: string[];
}

/** Overview of a track's peaks, 0 to 1, one every `hop_frames`. */
export interface Waveform {
  hop_frames: number;
  peaks: number[];
}

/** What of the fingerprint the page shows. */
export interface Fingerprint {
  version: number;
  sample_rate: number;
  channels: number;
  n_frames: number;
  descriptors: Record<string, number | null>;
  true_peak_dbtp: number | null;
  lra_lu: number;
  /** Power in dB of the whole, 31 third-octaves from 20 Hz to 20 kHz. */
  third_octaves: number[];
}

export interface Scan {
  state: "idle" | "scanning";
  found: number;
  /** Of these, as they were at the last scan. */
  unchanged: number;
  read: number;
  measured: number;
  failed: number;
  waiting: number;
  /** Tracks whose files are gone. */
  missing: number;
  /** While the demo album is composed, how far that is. */
  composing: { done: number; total: number } | null;
}

/** What the server says of its own accord, over `/ws`. */
export type News =
  | ({ event: "scan" } & Partial<Scan>)
  | { event: "measured"; track_id: string }
  | { event: "failed"; track_id: string; reason: string }
  | { event: "trimmed"; track_id: string }
  | { event: "library" };

/** What the asker can do next: wait and ask again, mend the question, look elsewhere, or reconnect. */
export type Next = "wait" | "mend" | "missing" | "reconnect" | "report";

export class Problem extends Error {
  constructor(
    readonly next: Next,
    message: string,
    readonly status: number,
    readonly retry_after_s: number,
  ) {
    super(message);
  }
}

export async function ask<T>(path: string, signal: AbortSignal, method: "GET" | "POST" | "DELETE" = "GET"): Promise<T> {
  let answer: Response;
  try {
    answer = await fetch(path, { method, signal, headers: { accept: "application/json" } });
  } catch (error) {
    if (signal.aborted) throw error;
    throw new Problem("reconnect", "The server does not answer.", 0, 1);
  }
  if (answer.ok) {
    const text = await answer.text();
    return (text === "" ? null : JSON.parse(text)) as T;
  }
  throw await problem(answer);
}

async function problem(answer: Response): Promise<Problem> {
  const said: { title?: unknown; detail?: unknown } = await answer.json().catch(() => ({}));
  const words = [said.detail, said.title].find((word) => typeof word === "string" && word !== "");
  const message = typeof words === "string" ? words : `The server answered ${answer.status}.`;
  const wait = Number(answer.headers.get("retry-after"));
  return new Problem(next_of(answer.status), message, answer.status, wait > 0 ? wait : 1);
}

function next_of(status: number): Next {
  if (status === 503 || status === 429) return "wait";
  if (status === 404 || status === 410) return "missing";
  if (status === 502 || status === 504) return "reconnect";
  return status < 500 ? "mend" : "report";
}

/** What a list can be ordered by; the server's own order is by album. */
export type Column = "album" | "title" | "loudness" | "duration";
export interface Order {
  by: Column;
  descending: boolean;
}

export interface Query {
  q: string;
  order: Order;
}

export const tracks = (query: Query, offset: number, limit: number, signal: AbortSignal): Promise<List<Track>> => {
  const fields = new URLSearchParams({ limit: String(limit), offset: String(offset) });
  if (query.q !== "") fields.set("q", query.q);
  fields.set("sort", `${query.order.descending ? "-" : ""}${query.order.by}`);
  return ask(`/api/tracks?${fields}`, signal);
};

const of_track = (id: string) => `/api/tracks/${encodeURIComponent(id)}`;

export const track = (id: string, signal: AbortSignal) => ask<Track>(of_track(id), signal);
export const fingerprint = (id: string, signal: AbortSignal) => ask<Fingerprint>(`${of_track(id)}/fingerprint`, signal);
export const waveform = (id: string, signal: AbortSignal) => ask<Waveform>(`${of_track(id)}/waveform`, signal);
export const similar = (id: string, limit: number, signal: AbortSignal) => ask<List<Similar>>(`${of_track(id)}/similar?limit=${limit}`, signal);
export const scan = (signal: AbortSignal) => ask<Scan>("/api/library/scan", signal);
export const start_scan = (signal: AbortSignal) => ask<unknown>("/api/library/scan", signal, "POST");
export const forget_missing = (signal: AbortSignal) => ask<unknown>("/api/library/missing", signal, "DELETE");
export const retry_faults = (signal: AbortSignal) => ask<unknown>("/api/library/faults/retry", signal, "POST");
export const health = (signal: AbortSignal) => ask<unknown>("/api/health", signal);

/** Address of a track's cover: its own art, else its aura. */
export const artwork = (id: string) => `${of_track(id)}/artwork`;
/** Address of a track's aura. */
export const aura = (id: string) => `${of_track(id)}/artwork?kind=aura`;
