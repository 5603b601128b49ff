/**
 * Which way the page's sound is made, and why: as the listener wishes, or as this device can. A step down happens
 * by itself, where the sound ran dry; a step up only where a track begins.
 */
import type { Way } from "./types.js"

/** From the least work for the server to the most. */
const WAYS: readonly Way[] = ["worklet", "worker", "chunks"]
/** So many times real time the chain must run, in the audio's own thread and in the Worker. */
const FOR_WORKLET = 8
const FOR_WORKER = 2.5
/** So often within so many ms the sound may run dry. */
const MOST_GAPS = 2
const WITHIN_MS = 10_000
/** A way that failed so often is not tried again. */
const MOST_FAILURES = 2

/** The best way for a device that runs the chain so many times as fast as real time. */
export function best_way(realtime: number): Way {
  if (realtime >= FOR_WORKLET) return "worklet"
  return realtime >= FOR_WORKER ? "worker" : "chunks"
}

export class Ways {
  private pinned: Way | null = null
  private realtime: number | null = null
  /** Where it stepped down to, if it did. */
  private lower: Way | null = null
  private readonly failures = new Map<Way, number>()
  /** The gaps counted, when the last of them were, and whether this track had any. */
  private n_gaps = 0
  private gaps: number[] = []
  private had_gaps = false

  /** `only` of these ways are to be had here. */
  constructor(private readonly only: readonly Way[] = WAYS) {}

  /** What is wished; null: whatever is best. */
  pin(way: Way | null): void {
    this.pinned = way
    this.gaps = []
  }

  measured(realtime: number): void {
    this.realtime = realtime
  }

  /** The way to go; null: it is not known yet how fast this device is. */
  now(): Way | null {
    if (this.pinned) return this.at_least(this.pinned)
    if (this.lower) return this.lower
    return this.realtime === null ? null : this.at_least(best_way(this.realtime))
  }

  private at_least(way: Way): Way {
    return this.only.find((one) => WAYS.indexOf(one) >= WAYS.indexOf(way)) ?? "chunks"
  }

  /** The count of gaps in the sound; answers whether that changes the way. */
  heard(n_gaps: number, at_ms: number): boolean {
    const n_new = n_gaps - this.n_gaps
    this.n_gaps = n_gaps
    if (n_new <= 0) return false
    this.had_gaps = true
    this.gaps = [...this.gaps, ...Array<number>(n_new).fill(at_ms)].filter((at) => at_ms - at < WITHIN_MS)
    if (this.pinned || this.gaps.length < MOST_GAPS) return false
    const way = this.now() ?? "worklet"
    const next = this.only[this.only.indexOf(way) + 1]
    if (!next) return false
    this.gaps = []
    this.failures.set(way, (this.failures.get(way) ?? 0) + 1)
    this.lower = next
    return true
  }

  /** Another track begins; answers whether that changes the way. */
  turned(): boolean {
    const clean = !this.had_gaps
    this.had_gaps = false
    if (this.pinned || !this.lower || !clean) return false
    const higher = this.only[this.only.indexOf(this.lower) - 1]
    if (!higher || (this.failures.get(higher) ?? 0) >= MOST_FAILURES) return false
    const best = this.realtime === null ? "worklet" : this.at_least(best_way(this.realtime))
    this.lower = higher === best ? null : higher
    return true
  }

  /** Why it is this way, in words. */
  reason(): string {
    if (this.pinned && this.now() === this.pinned) return "You chose this."
    if (this.pinned) return "What you chose is not to be had here: browsers have it only over https or on localhost."
    if (this.lower) return "The sound ran dry on the way before."
    if (this.realtime === null) return "How fast this device is will be measured as it plays."
    const speed = this.realtime >= 10 ? this.realtime.toFixed(0) : this.realtime.toFixed(1)
    return `This device enhances ${speed} times as fast as it plays.`
  }

  /** Whether it was not chosen, and less than the best. */
  is_degraded(): boolean {
    const way = this.now()
    return !this.pinned && way !== null && way !== this.only[0]
  }
}
