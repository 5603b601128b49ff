/**
 * The worklet: the engine in its own thread. `process` only copies numbers;
 * whatever allocates happens in message handlers, between quanta.
 */
import { Engine, initSync } from "../gen/engine.js"
import { Board, nothing } from "./board.js"
import type { EngineState, FromPlayer, FromProcessor, ToPlayer, ToProcessor } from "./types.js"

declare const sampleRate: number
declare const currentFrame: number
declare function registerProcessor(name: string, processor: unknown): void
declare class AudioWorkletProcessor {
  readonly port: MessagePort
}

/** What the player renders in this quantum, for the recorder behind it; the position if that is wanted. */
const heard = { wanted: false, position: 0, frames: 0 }

/** Views into the engine's memory, made anew when it moves. */
interface Views {
  buffer: ArrayBuffer
  inlet: Float32Array
  plan: Float32Array
  /** What the engine renders, a quantum of each channel. */
  output: [Float32Array, Float32Array]
}

/** Quanta after which the page is told how it goes, without having said anything: 46 ms. */
const TELL_EVERY = 16
/** Half the time for which a gain reduction is told: the page looks ten times a second. */
const HOLD_S = 0.05

class Player extends AudioWorkletProcessor {
  private readonly memory: WebAssembly.Memory
  private engine: Engine | null = null
  private views: Views | null = null
  private rate = 0
  private epoch = -1
  private what = 0
  private volume = 1
  private held = false
  /** Frames in a quantum. */
  private quantum = 128
  private analyst: MessagePort | null = null
  private readonly board: Board
  private readonly state: EngineState = nothing()
  /** Quanta until the page is told. */
  private untold = 0
  /** The deepest gain reduction since `since`, and that of as long before. */
  private deepest = 0
  private before = 0
  private since = 0

  constructor(options: { processorOptions: { module: WebAssembly.Module; board: SharedArrayBuffer } }) {
    super()
    this.memory = initSync({ module: options.processorOptions.module }).memory
    this.board = new Board(options.processorOptions.board)
    this.port.onmessage = (event: MessageEvent<ToProcessor>) => this.onPage(event.data)
    this.tell({ type: "ready" })
  }

  private onPage(message: ToProcessor): void {
    switch (message.type) {
      case "analyst":
        this.analyst?.close()
        this.analyst = message.port
        this.analyst.onmessage = (event: MessageEvent<ToPlayer>) => this.onAnalyst(event.data)
        break
      case "listen":
        this.what = message.what
        this.engine?.listen(message.what, message.over_s)
        break
      case "volume":
        this.volume = message.x
        this.engine?.volume(message.x, message.over_s)
        break
      case "pause":
        this.held = true
        this.engine?.pause()
        break
      case "resume":
        this.held = false
        this.engine?.resume()
        break
    }
    this.state.obeyed++
    this.publish()
    this.untold = 1
  }

  private tell(message: FromProcessor): void {
    this.port.postMessage(message)
  }

  /** Writes down where the engine is. */
  private publish(): void {
    const { engine, state } = this
    this.untold = TELL_EVERY
    state.key = engine?.key() ?? -1
    state.epoch = this.epoch
    state.position = engine?.position() ?? 0
    state.rendered = engine?.rendered() ?? 0
    state.underruns = engine?.underruns() ?? 0
    state.clamped = engine?.clamped() ?? 0
    state.reduction_db = this.reduction()
    state.paused = engine?.paused() ? 1 : 0
    state.ended = engine?.ended() ? 1 : 0
    state.at = currentFrame
    this.board.write(state)
  }

  private reduction(): number {
    if (currentFrame - this.since >= HOLD_S * sampleRate) {
      this.before = this.deepest
      this.deepest = 0
      this.since = currentFrame
    }
    this.deepest = Math.min(this.deepest, this.engine?.take_reduction() ?? 0)
    return Math.min(this.deepest, this.before)
  }

  private onAnalyst(message: ToPlayer): void {
    const done = this.obey(message)
    const planes = message.type === "pcm" ? message.planes : undefined
    const answer: FromPlayer = {
      type: "room",
      epoch: this.epoch,
      room: this.engine?.room() ?? 0,
      fed: this.engine?.fed() ?? 0,
      key: this.engine?.rendering() ?? -1,
      start: this.engine?.begins() ?? 0,
      done,
      planes,
    }
    this.analyst?.postMessage(answer, planes ? [planes.buffer] : [])
    if (message.type !== "pcm" && message.type !== "room") this.untold = 1
  }

  private obey(message: ToPlayer): boolean {
    if (message.type === "start") {
      this.open(message.rate)
      this.epoch = message.epoch
      this.setPlan(message.numbers)
      const { key, numbers, n_frames, frame, fed_from } = message
      return this.engine?.start(key, numbers !== null, n_frames, frame, fed_from) ?? false
    }
    if (!this.engine || ("epoch" in message && message.epoch !== this.epoch)) return false
    switch (message.type) {
      case "follow":
        this.setPlan(message.numbers)
        return this.engine.follow(message.key, message.numbers !== null, message.start, message.n_frames)
      case "unfollow":
        this.engine.unfollow()
        return true
      case "retune":
        this.setPlan(message.numbers)
        return this.engine.retune(message.key, message.fade_s)
      case "pcm":
        return this.feed(message.planes, message.n)
      case "end":
        this.engine.end()
        return true
      case "room":
        return true
    }
  }

  private feed(planes: Float32Array, n: number): boolean {
    const { inlet } = this.look()
    const half = inlet.length / 2
    inlet.set(planes.subarray(0, n), 0)
    inlet.set(planes.subarray(planes.length / 2, planes.length / 2 + n), half)
    return this.engine?.feed(n) === n
  }

  private setPlan(numbers: Float32Array | null): void {
    if (numbers) this.look().plan.set(numbers)
  }

  /** An engine for this rate; the old one stays if it fits. */
  private open(rate: number): void {
    if (this.engine && this.rate === rate) return
    this.drop()
    this.engine = Engine.create(rate, sampleRate) ?? null
    this.rate = rate
    this.engine?.listen(this.what, 0)
    this.engine?.volume(this.volume, 0)
    if (this.held) this.engine?.pause()
  }

  private drop(): void {
    this.engine?.free()
    this.engine = null
    this.views = null
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

  process(_inputs: Float32Array[][], outputs: Float32Array[][]): boolean {
    const [left, right] = outputs[0] as [Float32Array, Float32Array]
    const frames = left.length
    if (frames !== this.quantum) {
      this.quantum = frames
      this.views = null
    }
    heard.frames = 0
    if (--this.untold <= 0) this.publish()
    if (!this.engine) return true
    try {
      if (heard.wanted) heard.position = this.engine.position()
      heard.frames = this.engine.process(frames)
      const { output } = this.look()
      left.set(output[0])
      right.set(output[1])
    } catch (error) {
      // The instance is lost: silence, and the page makes a new one.
      this.engine = null
      this.tell({ type: "fault", message: String(error) })
    }
    return true
  }
}

/** A recorder: it gives nothing, and keeps what it is asked for. */
class Recorder extends AudioWorkletProcessor {
  private planes: [Float32Array, Float32Array] | null = null
  private at = 0
  private frame = 0

  constructor() {
    super()
    this.port.onmessage = (event: MessageEvent<number>) => {
      this.planes = [new Float32Array(event.data), new Float32Array(event.data)]
      this.at = 0
      heard.wanted = true
    }
  }

  process(inputs: Float32Array[][]): boolean {
    const input = inputs[0] as Float32Array[]
    if (this.planes && input.length === 2) this.keep(input as [Float32Array, Float32Array])
    return true
  }

  private keep(input: [Float32Array, Float32Array]): void {
    const planes = this.planes as [Float32Array, Float32Array]
    const length = planes[0].length
    // A recording begins with sound.
    if (this.at === 0 && heard.frames < input[0].length) return
    if (this.at === 0) this.frame = heard.position
    for (let i = 0; i < input[0].length && this.at < length; i++, this.at++) {
      planes[0][this.at] = input[0][i] as number
      planes[1][this.at] = input[1][i] as number
    }
    if (this.at === length) {
      this.port.postMessage({ frame: this.frame, planes })
      this.planes = null
      heard.wanted = false
    }
  }
}

registerProcessor("auralis-player", Player)
registerProcessor("auralis-recorder", Recorder)
