/**
 * What the worklet tells of itself, in memory that it shares with the page: a message takes its thread a quarter
 * of a millisecond, a number nothing.
 */
import type { EngineState } from "./types.js"

/** Of an engine that has done nothing. */
export const nothing = (): EngineState => ({
  obeyed: 0, key: -1, epoch: -1, position: 0, rendered: 0, underruns: 0, clamped: 0, reduction_db: 0, paused: 0, ended: 0, relayed: 0, at: 0,
})

const FIELDS = Object.keys(nothing()) as (keyof EngineState)[]

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
    for (let i = 0; i < FIELDS.length; i++) this.values[i] = state[FIELDS[i] as keyof EngineState]
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
