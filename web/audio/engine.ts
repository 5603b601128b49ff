/**
 * The page's engine: one object to play with. Where the browser has an
 * AudioWorklet and wasm SIMD, sound is made in the page; elsewhere the server's
 * native stream plays, and `stats().notice` says so.
 */
import { Streamer } from "./fallback.js"
import type {
  Fault,
  Fingerprint,
  FromAnalyst,
  FromProcessor,
  Mode,
  Phase,
  Plan,
  Stats,
  Taste,
  ToAnalyst,
  ToProcessor,
  TrackRef,
} from "./types.js"

export type * from "./types.js"

export type EngineEvent = "phase" | "track" | "plan" | "tick" | "fault"
type Listener = (engine: Engine, detail?: unknown) => void

/** What the engine drives: the worklet, or the stream. */
export interface Player {
  readonly kind: "worklet" | "stream"
  readonly notice: string | null
  play(key: number, track: TrackRef, frame: number, taste: Taste): Promise<void>
  next(key: number, track: TrackRef | null, taste: Taste): void
  pause(): Promise<void>
  resume(): Promise<void>
  listen(what: number, over_s: number): Promise<void>
  retaste(taste: Taste): Promise<void>
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
  ended: boolean
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

/** A module with one SIMD instruction (i32x4 splat and any_true). */
const SIMD = new Uint8Array([
  0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 127, 3, 2, 1, 0, 10, 10, 1, 8, 0, 65, 0, 253, 17, 253, 83, 11,
])

/** Why sound cannot be made in this page, in words; null if it can. */
export function obstacle(): string | null {
  if (typeof WebAssembly !== "object" || !WebAssembly.validate(SIMD)) {
    return "Playing the native stream: this browser has no WebAssembly SIMD."
  }
  if (!globalThis.isSecureContext || typeof AudioWorkletNode === "undefined") {
    return "Playing the native stream: browsers enhance in the page only over https or on localhost."
  }
  return null
}

/** How long a sound device may take to start. */
const AWAKE_MS = 5000
/** A switch, in seconds: too slow to click, too fast to notice. */
const SWITCH_S = 0.03
/** A comparison is over when enhanced was heard for so many ms after it … */
const SETTLE_MS = 8000
/** … and its lowered level then glides back over so many seconds. */
const GLIDE_S = 3

const LISTEN = { enhanced: 0, compared: 1, original: 2, off: 3 } as const

export class Engine {
  phase: Phase = "idle"
  private player: Player | null = null
  private readonly listeners = new Map<EngineEvent, Set<Listener>>()
  private mode: Mode = "enhanced"
  private comparing = false
  private taste: Taste = { preset: "adaptive", intensity: 1, target_lufs: -14 }
  private volume_ = 1
  private keys = 0
  private readonly tracks = new Map<number, TrackRef>()
  private readonly plans = new Map<number, { plan: Plan; fingerprint: Fingerprint | null }>()
  private key = -1
  private nextKey = -1
  private realtime: number | null = null
  private ticking = 0
  private settling = 0

  on(event: EngineEvent, listener: Listener): () => void {
    const all = this.listeners.get(event) ?? new Set()
    this.listeners.set(event, all)
    all.add(listener)
    return () => void all.delete(listener)
  }

  private emit(event: EngineEvent, detail?: unknown): void {
    for (const listener of this.listeners.get(event) ?? []) listener(this, detail)
  }

  private enter(phase: Phase): void {
    if (phase === this.phase) return
    this.phase = phase
    this.emit("phase")
    if (phase === "playing") this.tick()
  }

  private tick(): void {
    clearTimeout(this.ticking)
    this.emit("tick")
    if (this.phase === "playing") this.ticking = window.setTimeout(() => this.tick(), 40)
  }

  /** The player, made on the first play (in the click: browsers want that). */
  private async ready(): Promise<Player> {
    if (this.player) return this.player
    const events: PlayerEvents = {
      planned: (key, plan, fingerprint) => {
        this.plans.set(key, { plan, fingerprint })
        if (key === this.key) this.emit("plan")
      },
      calibrated: (realtime) => void (this.realtime = realtime),
      heard: (key) => this.onHeard(key),
      ended: () => this.onEnded(),
      fault: (key, kind, message) => this.onFault(key, kind, message),
    }
    const notice = obstacle()
    this.player = notice ? new Streamer(events, notice) : await WorkletPlayer.create(events)
    this.player.volume(this.volume_)
    await this.player.listen(this.what(), SWITCH_S)
    return this.player
  }

  private what(): number {
    if (this.mode === "enhanced" && this.comparing) return LISTEN.compared
    return LISTEN[this.mode]
  }

  async play(track: TrackRef, frame = 0): Promise<void> {
    const key = ++this.keys
    this.tracks.set(key, track)
    const same = this.track()?.id === track.id
    const known = same ? this.plans.get(this.key) : undefined
    if (known) this.plans.set(key, known)
    this.key = key
    this.nextKey = -1
    if (!same) this.comparing = false
    this.enter("loading")
    if (!same) this.emit("track")
    try {
      const player = await this.ready()
      await player.resume()
      if (!same) await player.listen(this.what(), SWITCH_S)
      await player.play(key, track, frame, this.taste)
      if (this.key === key) this.enter("playing")
    } catch (error) {
      if (this.key === key) this.onFault(key, "device", error instanceof Error ? error.message : String(error))
    }
  }

  async pause(): Promise<void> {
    await this.player?.pause()
    if (this.phase === "playing" || this.phase === "loading") this.enter("paused")
  }

  async resume(): Promise<void> {
    if (this.phase !== "paused") return
    await this.player?.resume()
    this.enter("playing")
  }

  async seek(frame: number): Promise<void> {
    const track = this.track()
    if (!track) return
    const held = this.phase === "paused"
    const next = this.tracks.get(this.nextKey) ?? null
    await this.play(track, Math.max(0, Math.floor(frame)))
    if (held) await this.pause()
    this.setNext(next)
  }

  async setMode(mode: Mode): Promise<void> {
    this.comparing = mode === "original" || (this.comparing && mode === "enhanced")
    this.mode = mode
    clearTimeout(this.settling)
    if (this.comparing && mode === "enhanced") this.settling = window.setTimeout(() => this.settle(), SETTLE_MS)
    await this.player?.listen(this.what(), SWITCH_S)
    this.emit("plan")
  }

  /** The end of a comparison: enhanced comes back to its own level. */
  private settle(): void {
    if (this.mode !== "enhanced" || !this.comparing) return
    this.comparing = false
    void this.player?.listen(this.what(), GLIDE_S)
    this.emit("plan")
  }

  setEnhanced(on: boolean): Promise<void> {
    return this.setMode(on ? "enhanced" : "original")
  }

  async setTaste(taste: Taste): Promise<void> {
    this.taste = taste
    await this.player?.retaste(taste)
  }

  setVolume(x: number): void {
    this.volume_ = Math.min(1, Math.max(0, x))
    this.player?.volume(this.volume_)
  }

  setNext(track: TrackRef | null): void {
    this.nextKey = -1
    if (track) {
      this.nextKey = ++this.keys
      this.tracks.set(this.nextKey, track)
    }
    this.player?.next(this.nextKey, track, this.taste)
  }

  track(): TrackRef | null {
    return this.tracks.get(this.key) ?? null
  }

  plan(): Plan | null {
    return this.plans.get(this.key)?.plan ?? null
  }

  fingerprint(): Fingerprint | null {
    return this.plans.get(this.key)?.fingerprint ?? null
  }

  /** Gains in force while original and enhanced are compared, in dB. */
  compareGains(): { original_db: number; enhanced_db: number } | null {
    return this.plan()?.compare ?? null
  }

  tap(nFrames: number): Promise<Tap> {
    if (!this.player) return Promise.reject(new Error("nothing plays yet"))
    return this.player.tap(nFrames)
  }

  stats(): Stats {
    const state = this.player?.state()
    const plan = this.plan()
    const lufs = this.fingerprint()?.descriptors["lufs"] ?? null
    const lowered = this.comparing ? (plan?.compare.enhanced_db ?? 0) : 0
    return {
      mode: this.player?.kind ?? (obstacle() ? "stream" : "worklet"),
      enhanced: this.mode === "enhanced" && plan !== null,
      compare: this.mode,
      track_id: this.track()?.id ?? null,
      position_frames: state && state.key === this.key ? Math.floor(state.position) : 0,
      underruns: state?.underruns ?? 0,
      load: this.realtime === null ? null : { realtime: this.realtime, quantum: 1 / this.realtime },
      latency_ms: this.player?.latencyMs() ?? 0,
      device_rate: this.player?.deviceRate() ?? null,
      plan_id: plan?.id ?? null,
      gain_reduction_db: state?.reduction_db ?? 0,
      lufs_in: lufs,
      lufs_out: plan && plan.promise.lufs !== null ? plan.promise.lufs + lowered : null,
      measuring: this.track() !== null && plan === null && this.phase !== "error",
      notice: this.player?.notice ?? obstacle(),
    }
  }

  /** A track that followed without a gap is heard now. */
  private onHeard(key: number): void {
    if (key === this.key || !this.tracks.has(key)) return
    this.key = key
    this.nextKey = -1
    this.comparing = this.mode === "original"
    void this.player?.listen(this.what(), SWITCH_S)
    for (const old of this.tracks.keys()) {
      if (old < key - 4) {
        this.tracks.delete(old)
        this.plans.delete(old)
      }
    }
    this.emit("track")
    this.emit("plan")
  }

  private onEnded(): void {
    const next = this.tracks.get(this.nextKey)
    if (next) void this.play(next)
    else this.enter("ended")
  }

  private onFault(key: number, kind: string, message: string): void {
    const track = this.tracks.get(key)
    const fault: Fault = { track_id: track?.id ?? "", kind, message }
    this.emit("fault", fault)
    if (key === this.nextKey) {
      this.nextKey = -1
    } else if (key === this.key) {
      this.enter("error")
      // A faulty file is passed over; without a device the next would fail as well.
      const next = this.tracks.get(this.nextKey)
      if (next && kind !== "device") void this.play(next)
    }
  }
}

/** Sound made in the page: Worker → worklet → speakers. */
class WorkletPlayer implements Player {
  readonly kind = "worklet"
  readonly notice = null
  private readonly known: PlayerState = { key: -1, position: 0, rendered: 0, underruns: 0, reduction_db: 0, ended: false }
  private underrunsBefore = 0
  private waiting: ((state: FromProcessor) => void)[] = []
  private retuned: (() => void)[] = []
  private worker!: Worker
  private polling = 0
  /** What the Worker was told, for the one that may have to take over. */
  private readonly tracks = new Map<number, TrackRef>()
  private taste: Taste | null = null
  private tapped: Promise<Tap | null> = Promise.resolve(null)
  private epoch = -1
  private heardKey = -1
  private paused = false
  private ended = false

  private constructor(
    private readonly events: PlayerEvents,
    private readonly context: AudioContext,
    private readonly node: AudioWorkletNode,
    private readonly recorder: AudioWorkletNode,
    private readonly gain: GainNode,
    private readonly analyst: WebAssembly.Module,
  ) {}

  static async create(events: PlayerEvents): Promise<WorkletPlayer> {
    const context = new AudioContext({ latencyHint: "playback" })
    const [engine, analyst] = await Promise.all([
      compile("/engine.wasm"),
      compile("/analyst.wasm"),
      context.audioWorklet.addModule("/player-worklet.js"),
      awake(context),
    ]).catch((error: unknown) => {
      void context.close()
      throw error
    })
    const node = new AudioWorkletNode(context, "auralis-player", {
      numberOfInputs: 0,
      outputChannelCount: [2],
      processorOptions: { module: engine },
    })
    const recorder = new AudioWorkletNode(context, "auralis-recorder", { outputChannelCount: [2] })
    const gain = context.createGain()
    node.connect(recorder).connect(gain).connect(context.destination)
    const player = new WorkletPlayer(events, context, node, recorder, gain, analyst)
    await player.begin()
    return player
  }

  private async begin(): Promise<void> {
    // addModule does not tell of errors in the module: only "ready" does.
    await new Promise<void>((resolve, reject) => {
      const late = setTimeout(() => reject(new Error("the audio engine did not start")), 10_000)
      this.node.onprocessorerror = () => reject(new Error("the audio engine failed to start"))
      this.node.port.onmessage = (event: MessageEvent<FromProcessor>) => {
        if (event.data.type !== "ready") return
        clearTimeout(late)
        resolve()
      }
    })
    this.node.port.onmessage = (event: MessageEvent<FromProcessor>) => this.onState(event.data)
    this.hire()
    this.poll()
  }

  /** A Worker of our own, joined to the worklet; also the one after a panic. */
  private hire(): void {
    const { port1, port2 } = new MessageChannel()
    this.worker = new Worker("/analyst-worker.js", { type: "module" })
    this.worker.onmessage = (event: MessageEvent<FromAnalyst>) => this.onAnalyst(event.data)
    this.worker.onerror = () => this.replace(this.epoch, "the decoder failed on this file")
    this.node.port.postMessage({ type: "analyst", port: port1 } satisfies ToProcessor, [port1])
    this.tell({ type: "init", module: this.analyst, port: port2 }, [port2])
  }

  /** After a panic: the faulty file is named, and what is heard goes on. */
  private replace(key: number, message: string): void {
    this.worker.terminate()
    for (const resolve of this.retuned.splice(0)) resolve()
    this.hire()
    const heard = this.tracks.get(this.heardKey)
    if (key !== this.heardKey && heard && this.taste) {
      this.tell({ type: "adopt", epoch: this.epoch, key: this.heardKey, track: heard, taste: this.taste })
    }
    this.events.fault(key, "panic", message)
  }

  private tell(message: ToAnalyst, transfer: Transferable[] = []): void {
    this.worker.postMessage(message, transfer)
  }

  private onAnalyst(message: FromAnalyst): void {
    switch (message.type) {
      case "planned":
        this.events.planned(message.key, message.plan, message.fingerprint)
        break
      case "retuned":
        this.retuned.shift()?.()
        break
      case "calibrated":
        this.events.calibrated(message.realtime)
        break
      case "fault":
        if (message.kind === "panic") this.replace(message.key, message.message)
        else this.events.fault(message.key, message.kind, message.message)
        break
    }
  }

  private onState(state: FromProcessor): void {
    if (state.type === "fault") {
      this.events.fault(this.heardKey, "panic", state.message ?? "the audio engine failed")
      return
    }
    const known = this.known
    if (state.rendered < known.rendered) this.underrunsBefore = 0
    known.key = state.key
    known.position = state.position
    known.rendered = state.rendered
    known.underruns = this.underrunsBefore + state.underruns
    known.reduction_db = state.reduction_db
    known.ended = state.ended
    const waiting = this.waiting
    this.waiting = []
    for (const resolve of waiting) resolve(state)
    if (state.epoch !== this.epoch || state.rendered === 0) return
    if (state.key !== this.heardKey) {
      this.tracks.delete(this.heardKey)
      this.heardKey = state.key
      this.events.heard(state.key)
    }
    if (state.ended && !this.ended) {
      this.ended = true
      this.events.ended()
    }
  }

  /** One message to the worklet; resolves with the state it answers. */
  private post(message: ToProcessor): Promise<FromProcessor> {
    return new Promise((resolve) => {
      this.waiting.push(resolve)
      this.node.port.postMessage(message)
    })
  }

  /** Polls ten times faster than a meter needs only while somebody waits. */
  private poll(): void {
    clearTimeout(this.polling)
    void this.post({ type: "poll" })
    const rest = this.paused || this.ended || this.epoch < 0 ? 250 : 33
    this.polling = window.setTimeout(() => this.poll(), rest)
  }

  private async until(reached: (state: FromProcessor) => boolean, whileTrue: () => boolean): Promise<void> {
    while (whileTrue()) {
      const state = await this.post({ type: "poll" })
      if (reached(state)) return
      await new Promise((resolve) => setTimeout(resolve, 4))
    }
  }

  async play(key: number, track: TrackRef, frame: number, taste: Taste): Promise<void> {
    this.epoch = key
    this.heardKey = key
    this.ended = false
    this.taste = taste
    this.tracks.clear()
    this.tracks.set(key, track)
    this.tell({ type: "play", key, track, frame, taste })
    this.poll()
    await this.until(
      (state) => state.epoch === key && (state.rendered > 0 || state.paused || state.ended),
      () => this.epoch === key,
    )
  }

  next(key: number, track: TrackRef | null, taste: Taste): void {
    this.taste = taste
    if (track) this.tracks.set(key, track)
    this.tell({ type: "next", key, track, taste })
  }

  /** Sends a message and waits until a quantum was rendered after it. */
  private async heardAfter(message: ToProcessor): Promise<void> {
    const { at } = await this.post(message)
    if (this.context.state !== "running" || this.epoch < 0) return
    await this.until((state) => state.at > at, () => this.context.state === "running")
  }

  async pause(): Promise<void> {
    this.paused = true
    await this.post({ type: "pause" })
    await this.until((state) => state.paused || state.rendered === 0, () => this.paused)
  }

  async resume(): Promise<void> {
    this.paused = false
    await this.context.resume()
    await this.post({ type: "resume" })
    this.poll()
  }

  async listen(what: number, over_s: number): Promise<void> {
    await this.heardAfter({ type: "listen", what, over_s })
  }

  async retaste(taste: Taste): Promise<void> {
    this.taste = taste
    await new Promise<void>((resolve) => {
      this.retuned.push(resolve)
      this.tell({ type: "taste", taste })
    })
    await this.heardAfter({ type: "poll" })
  }

  volume(x: number): void {
    this.gain.gain.setTargetAtTime(x, this.context.currentTime, 0.01)
  }

  state(): Readonly<PlayerState> {
    return this.known
  }

  /** One recording after the other: the recorder keeps one at a time. */
  tap(n: number): Promise<Tap> {
    const tap = () =>
      new Promise<Tap>((resolve) => {
        this.recorder.port.onmessage = (event: MessageEvent<Tap>) => resolve(event.data)
        this.recorder.port.postMessage(n)
      })
    const next = this.tapped.then(tap)
    this.tapped = next
    return next
  }

  deviceRate(): number {
    return this.context.sampleRate
  }

  latencyMs(): number {
    return 1000 * (this.context.baseLatency + (this.context.outputLatency || 0))
  }
}

/** A context with nothing to play on, or not allowed to, never wakes and never says so. */
async function awake(context: AudioContext): Promise<void> {
  let late = 0
  const asleep = new Promise<never>((_, reject) => {
    const words = "The sound does not start: is there a sound device, and may this page use it?"
    late = window.setTimeout(() => reject(new Error(words)), AWAKE_MS)
  })
  await Promise.race([context.resume(), asleep]).finally(() => clearTimeout(late))
}

async function compile(path: string): Promise<WebAssembly.Module> {
  const response = await fetch(path)
  if (!response.ok) throw new Error(`the server has no ${path}`)
  return WebAssembly.compileStreaming(response)
}
