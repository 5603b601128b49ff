/**
 * What the worklet tells of itself, in memory that it shares with the page: a message takes its thread a quarter
 * of a millisecond, a number nothing.
 */
import type { EngineState } from "./types.js"

const FIELDS = [
  "obeyed", "key", "epoch", "position", "rendered", "underruns", "clamped", "reduction_db", "paused", "ended", "at",
] as const satisfies (keyof EngineState)[]

/** Times that a reader tries again while the writer is at it, which it is for a microsecond. */
const N_TRIES = 1000

export class Board {
  /** Odd while it is written. */
  private readonly version: Int32Array
  private readonly values: Float64Array

  constructor(readonly memory = new SharedArrayBuffer(8 * (1 + FIELDS.length))) {
    this.version = new Int32Array(memory, 0, 1)
    this.values = new Float64Array(memory, 8)
  }

  write(state: EngineState): void {
    Atomics.add(this.version, 0, 1)
    for (let i = 0; i < FIELDS.length; i++) this.values[i] = Number(state[FIELDS[i] as keyof EngineState])
    Atomics.add(this.version, 0, 1)
  }

  /** All of one moment, into `state`. */
  read(state: EngineState): void {
    for (let n = 0; n < N_TRIES; n++) {
      const version = Atomics.load(this.version, 0)
      if (version % 2 !== 0) continue
      this.values.forEach((x, i) => (state[FIELDS[i] as keyof EngineState] = x))
      if (Atomics.load(this.version, 0) === version) return
    }
  }
}
