/**
 * The engine and its places in memory, as the worklet drives it in its thread, and the Worker where there is no
 * worklet: what the Worker's feeding asks of it, and what it gives.
 */
import { Engine } from "../gen/engine.js"
import type { FromPlayer, ToPlayer } from "./types.js"

/** Views into the engine's memory, made anew when it moves. */
interface Views {
  buffer: ArrayBuffer
  inlet: Float32Array
  plan: Float32Array
  /** What the engine renders, a quantum of each channel. */
  output: [Float32Array, Float32Array]
}

export class Rig {
  engine: Engine | null = null
  epoch = -1
  private views: Views | null = null
  private rate = 0
  /** Frames in a quantum. */
  private quantum = 128

  /** `opened` makes a new engine be heard as the one before. */
  constructor(
    private readonly memory: WebAssembly.Memory,
    private readonly device_rate: number,
    private readonly opened: (engine: Engine) => void,
  ) {}

  /** Follows a message; false: refused. */
  obey(message: ToPlayer): boolean {
    if (message.type === "start") {
      this.open(message.rate)
      this.epoch = message.epoch
      this.set_plan(message.numbers)
      const { key, numbers, n_frames, frame, fed_from } = message
      const started = this.engine?.start(key, numbers !== null, n_frames, frame, fed_from) ?? false
      if (message.relayed) this.engine?.relay()
      return started
    }
    if (!this.engine || ("epoch" in message && message.epoch !== this.epoch)) return false
    switch (message.type) {
      case "follow":
        this.set_plan(message.numbers)
        return this.engine.follow(message.key, message.numbers !== null, message.start, message.n_frames)
      case "unfollow":
        this.engine.unfollow()
        return true
      case "retune":
        this.set_plan(message.numbers)
        return this.engine.retune(message.key, message.fade_s)
      case "pcm":
        this.fill(message.planes, message.n)
        return this.engine.feed(message.n) === message.n
      case "wet":
        this.fill(message.planes, message.n)
        this.engine.feed_wet(message.frame, message.n)
        return true
      case "relay":
        this.engine.relay()
        return true
      case "unrelay":
        this.engine.unrelay()
        return true
      case "end":
        this.engine.end()
        return true
      case "room":
        return true
    }
  }

  /** Where the engine is, with the buffer that came, to be used again. */
  answer(message: ToPlayer, done: boolean): FromPlayer {
    const { engine } = this
    return {
      type: "room",
      epoch: this.epoch,
      room: engine?.room() ?? 0,
      fed: engine?.fed() ?? 0,
      at: engine?.at() ?? 0,
      key: engine?.rendering() ?? -1,
      start: engine?.begins() ?? 0,
      done,
      planes: "planes" in message ? message.planes : undefined,
    }
  }

  /** Renders a quantum; returns how many of its frames are sound. */
  process(frames: number): number {
    if (frames !== this.quantum) {
      this.quantum = frames
      this.views = null
    }
    return this.engine?.process(frames) ?? 0
  }

  /** What was rendered: a view, until the next call. */
  output(): [Float32Array, Float32Array] {
    return this.look().output
  }

  drop(): void {
    this.engine?.free()
    this.lose()
  }

  /** Forgets an engine that can no longer be used. */
  lose(): void {
    this.engine = null
    this.views = null
  }

  /** Puts frames where the engine takes them from. */
  private fill(planes: Float32Array, n: number): void {
    const { inlet } = this.look()
    const half = inlet.length / 2
    inlet.set(planes.subarray(0, n), 0)
    inlet.set(planes.subarray(planes.length / 2, planes.length / 2 + n), half)
  }

  private set_plan(numbers: Float32Array | null): void {
    if (numbers) this.look().plan.set(numbers)
  }

  /** An engine for this rate; the old one stays if it fits. */
  private open(rate: number): void {
    if (this.engine && this.rate === rate) return
    this.drop()
    this.engine = Engine.create(rate, this.device_rate) ?? null
    this.rate = rate
    if (this.engine) this.opened(this.engine)
  }

  private look(): Views {
    const engine = this.engine as Engine
    if (!this.views || this.views.buffer !== this.memory.buffer) {
      const at = (pointer: number, length: number) => new Float32Array(this.memory.buffer, pointer, length)
      this.views = {
        buffer: this.memory.buffer as ArrayBuffer,
        inlet: at(engine.inlet(), 2 * engine.inlet_frames()),
        plan: at(engine.plan(), engine.plan_floats()),
        output: [at(engine.output(0), this.quantum), at(engine.output(1), this.quantum)],
      }
    }
    return this.views
  }
}
