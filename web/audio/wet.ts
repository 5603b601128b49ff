/**
 * Enhanced frames made ahead of their time, for a worklet that only mixes: by the chains here in the Worker. What
 * the server makes comes the same way: see `chunks.ts`.
 */
import { Ahead, type Track } from "../gen/analyst.js"
import type { Fingerprint, Taste, TrackRef } from "./types.js"

/** A track being played or about to be. */
export interface Item {
  key: number
  track: TrackRef
  file: Track
  /** The plan's numbers, once there are any. */
  numbers: Float32Array | null
  /** The plan's id, and the taste it was made for. */
  plan_id: string | null
  planned_for: Taste | null
  /** Whether the server's own plan is still to come. */
  provisional: boolean
  fingerprint: Fingerprint | null
  /** It cannot be measured: no plan will come. */
  hopeless: boolean
  /** Where its frame 0 lies on the timeline, once the worklet knows of it. */
  start: number
  offered: boolean
  /** The next of its frames to be read. */
  at: number
  /** Its length in frames; −1: not known yet. */
  n_frames: number
}

/** Who takes the frames. */
export interface Taker {
  /** A buffer for so many frames of each channel. */
  buffer(n: number): Float32Array
  /** Frames of the timeline from `frame` on. */
  wet(frame: number, planes: Float32Array, n: number): void
  /** The frame of the timeline up to which the original was sent: none enhanced may lie beyond. */
  sent(): number
}

/** What makes enhanced frames. */
export interface Wet {
  /** Whether it must hear the original. */
  readonly hears: boolean
  /** What follows without a gap. */
  follow(item: Item): void
  /** Takes back what follows `last`. */
  unfollow(last: Item): void
  /** What follows has another plan. */
  retune(item: Item): void
  /** The next frames of the original. */
  fed(planes: Float32Array, n: number): void
  /** Nothing more follows. */
  end(): void
  /** Hands over all that is ready and may be sent. */
  flush(): void
  stop(): void
}

/** Frames rendered at a time. */
export const RUN = 8192

const none = new Float32Array(0)

/** The chains in this Worker. */
export class AheadWet implements Wet {
  readonly hears = true
  private readonly ahead: Ahead
  /** Where the first of its tracks begins on the timeline. */
  private readonly zero: number

  /** From `frame` of a track on, hearing from `from` on. */
  constructor(private readonly taker: Taker, item: Item, frame: number, from: number) {
    const ahead = Ahead.create(item.file.rate)
    if (!ahead?.start(item.key, item.numbers ?? none, item.n_frames, frame, from)) {
      throw { kind: "invalid", message: `sound of ${item.file.rate} Hz cannot be enhanced` }
    }
    this.ahead = ahead
    this.zero = item.start
  }

  follow(item: Item): void {
    this.ahead.follow(item.key, item.numbers ?? none, item.start - this.zero, item.n_frames)
  }

  unfollow(): void {
    this.ahead.unfollow()
  }

  retune(item: Item): void {
    this.ahead.retune(item.key, item.numbers ?? none)
  }

  fed(planes: Float32Array, n: number): void {
    this.ahead.feed(planes, n)
  }

  end(): void {
    this.ahead.end()
  }

  flush(): void {
    for (;;) {
      const frame = this.zero + this.ahead.at()
      const planes = this.taker.buffer(RUN)
      const n = this.ahead.render(planes)
      if (n === 0) return
      this.taker.wet(frame, planes, n)
    }
  }

  stop(): void {
    this.ahead.free()
  }
}
