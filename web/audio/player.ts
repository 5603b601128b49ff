/**
 * What the engine asks of whatever makes the sound, and what it is told back:
 * each way to make it answers to this.
 */
import type { Fingerprint, Plan, Stats, Taste, TrackRef, Way } from "./types.js"

export interface Player {
  /** Where the enhanced frames that are heard are made. */
  mode(): Stats["mode"]
  /** How often the sound ran dry, for whatever reason. */
  gaps(): number
  /** What is degraded beyond that, in words. */
  notice(): string | null
  /** Where they shall be made; null: where this device is fit to, once that is measured. */
  go(way: Way | null): void
  play(key: number, track: TrackRef, frame: number, taste: Taste): Promise<void>
  next(key: number, track: TrackRef | null, taste: Taste): void
  pause(): Promise<void>
  resume(): Promise<void>
  listen(what: number, over_s: number): Promise<void>
  retaste(taste: Taste): Promise<void>
  /** A track's plans promise more truly now: one that is to come is planned again. */
  refresh(track_id: string): void
  volume(x: number): void
  state(): Readonly<PlayerState>
  tap(n: number): Promise<Tap>
  latencyMs(): number
  deviceRate(): number | null
}

/** Frames that came out, and the number of the first in its track. */
export interface Tap {
  frame: number
  planes: Float32Array[]
}

/** What a player knows now. */
export interface PlayerState {
  key: number
  position: number
  rendered: number
  underruns: number
  reduction_db: number
}

/** What a player tells the engine. */
export interface PlayerEvents {
  planned(key: number, plan: Plan, fingerprint: Fingerprint | null): void
  calibrated(realtime: number): void
  /** The track with this key is heard now. */
  heard(key: number): void
  ended(): void
  fault(key: number, kind: string, message: string): void
}
