/**
 * The worklet: the engine in its own thread. `process` only copies numbers;
 * whatever allocates happens in message handlers, between quanta.
 */
import { initSync } from "../gen/engine.js"
import { Board, nothing } from "./board.js"
import { Rig } from "./rig.js"
import type { EngineState, FromProcessor, ToPlayer, ToProcessor } from "./types.js"

declare const sampleRate: number
declare const currentFrame: number
declare function registerProcessor(name: string, processor: unknown): void
declare class AudioWorkletProcessor {
  readonly port: MessagePort
}

/** What the player renders in this quantum, for the recorder behind it; the position if that is wanted. */
const heard = { wanted: false, position: 0, frames: 0 }

/** Quanta after which the page is told how it goes, without having said anything: 46 ms. */
const TELL_EVERY = 16
/** Half the time for which a gain reduction is told: the page looks ten times a second. */
const HOLD_S = 0.05

class Player extends AudioWorkletProcessor {
  private readonly rig: Rig
  private what = 0
  private volume = 1
  private held = false
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
    const { memory } = initSync({ module: options.processorOptions.module })
    this.rig = new Rig(memory, sampleRate, (engine) => {
      engine.listen(this.what, 0)
      engine.volume(this.volume, 0)
      if (this.held) engine.pause()
    })
    this.board = new Board(options.processorOptions.board)
    this.port.onmessage = (event: MessageEvent<ToProcessor>) => this.onPage(event.data)
    this.tell({ type: "ready" })
  }

  private onPage(message: ToProcessor): void {
    const { engine } = this.rig
    switch (message.type) {
      case "analyst":
        this.analyst?.close()
        this.analyst = message.port
        this.analyst.onmessage = (event: MessageEvent<ToPlayer>) => this.onAnalyst(event.data)
        break
      case "listen":
        this.what = message.what
        engine?.listen(message.what, message.over_s)
        break
      case "volume":
        this.volume = message.x
        engine?.volume(message.x, message.over_s)
        break
      case "pause":
        this.held = true
        engine?.pause()
        break
      case "resume":
        this.held = false
        engine?.resume()
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
    const { state } = this
    const { engine } = this.rig
    this.untold = TELL_EVERY
    state.key = engine?.key() ?? -1
    state.epoch = this.rig.epoch
    state.position = engine?.position() ?? 0
    state.rendered = engine?.rendered() ?? 0
    state.underruns = engine?.underruns() ?? 0
    state.clamped = engine?.clamped() ?? 0
    state.reduction_db = this.reduction()
    state.paused = engine?.paused() ? 1 : 0
    state.ended = engine?.ended() ? 1 : 0
    state.relayed = engine?.relayed() ? 1 : 0
    state.at = currentFrame
    this.board.write(state)
  }

  private reduction(): number {
    if (currentFrame - this.since >= HOLD_S * sampleRate) {
      this.before = this.deepest
      this.deepest = 0
      this.since = currentFrame
    }
    this.deepest = Math.min(this.deepest, this.rig.engine?.take_reduction() ?? 0)
    return Math.min(this.deepest, this.before)
  }

  private onAnalyst(message: ToPlayer): void {
    const answer = this.rig.answer(message, this.rig.obey(message))
    this.analyst?.postMessage(answer, answer.planes ? [answer.planes.buffer] : [])
    if (!answer.planes && message.type !== "room") this.untold = 1
  }

  process(_inputs: Float32Array[][], outputs: Float32Array[][]): boolean {
    const [left, right] = outputs[0] as [Float32Array, Float32Array]
    heard.frames = 0
    if (--this.untold <= 0) this.publish()
    const { engine } = this.rig
    if (!engine) return true
    try {
      if (heard.wanted) heard.position = engine.position()
      heard.frames = this.rig.process(left.length)
      const output = this.rig.output()
      left.set(output[0])
      right.set(output[1])
    } catch (error) {
      // The instance is lost: silence, and the page makes a new one.
      this.rig.lose()
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
