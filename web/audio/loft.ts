/**
 * What stands in for the worklet where browsers give none: the engine runs here in the Worker, ahead of time, and
 * what it makes, enhanced and original side by side, is sent to the page, which schedules and blends it.
 */
import { Engine, initSync } from "../gen/engine.js"
import { Rig } from "./rig.js"
import type { FromPlayer, Made, ToPlayer } from "./types.js"

/** Frames sent at a time. */
const RUN = 8192
/** So much is made ahead of what is heard, in seconds. */
const AHEAD_S = 4

const ENHANCED = 0
const OFF = 3

export class Loft {
  /** The enhanced frames: by its own chains, or relayed. */
  private readonly wet: Rig
  /** The original: its chains rest, for it waits for enhanced frames that never come and are never heard. */
  private readonly dry: Rig
  /** Frames made since the start, and of them those that are past. */
  private n_made = 0
  private n_past = 0
  private generation = -1
  private has_ended = false

  constructor(module: WebAssembly.Module, private readonly device_rate: number, private readonly send: (made: Made) => void) {
    const { memory } = initSync({ module })
    const heard_as = (what: number) => (engine: Engine) => {
      engine.hurry()
      engine.listen(what, 0)
    }
    this.wet = new Rig(memory, device_rate, heard_as(ENHANCED))
    this.dry = new Rig(memory, device_rate, heard_as(OFF))
  }

  /** Follows a message as the worklet would; the answer comes at once. */
  obey(message: ToPlayer): FromPlayer {
    const { type } = message
    if (type === "start") this.begin()
    const done = this.wet.obey(message)
    if (type === "start") this.dry.obey({ ...message, relayed: true })
    else if (type !== "wet" && type !== "relay" && type !== "unrelay") this.dry.obey(message)
    this.make()
    const answer = this.wet.answer(message, done)
    return { ...answer, room: Math.min(answer.room, this.dry.engine?.room() ?? 0) }
  }

  /** What is made from the next start on bears this number. */
  expect(generation: number): void {
    this.generation = generation
  }

  /** So many frames of a generation are past. */
  past(generation: number, n_frames: number): void {
    if (generation !== this.generation) return
    this.n_past = n_frames
    this.make()
  }

  /** Nothing of what sounded before lies under what is to come: the page fades. */
  private begin(): void {
    this.wet.drop()
    this.dry.drop()
    this.n_made = this.n_past = 0
    this.has_ended = false
  }

  private make(): void {
    while (this.wet.engine && this.n_made - this.n_past < AHEAD_S * this.device_rate) {
      const { engine } = this.wet
      const [key, frame] = [engine.key(), engine.position()]
      const n = this.wet.process(RUN)
      if (n === 0) break
      const wet = this.wet.output().map((plane) => plane.slice(0, n))
      this.dry.process(n)
      const dry = this.dry.output().map((plane) => plane.slice(0, n))
      this.n_made += n
      this.send({ type: "made", generation: this.generation, key, frame, relayed: engine.relayed(), planes: [...wet, ...dry] })
    }
    if (this.wet.engine?.ended() && !this.has_ended) {
      this.has_ended = true
      this.send({ type: "made", generation: this.generation, key: -1, frame: 0, relayed: false, planes: [] })
    }
  }
}
