/**
 * Sound made in the page: the Worker decodes and plans, the worklet renders;
 * PCM goes from one to the other and never through the page's thread.
 */
import type { Player, PlayerEvents, PlayerState, Tap } from "./player.js"
import { Board, nothing } from "./board.js"
import type { EngineState, FromAnalyst, FromProcessor, Taste, ToAnalyst, ToProcessor, TrackRef, Way } from "./types.js"
import { awake, compile } from "./waking.js"

/** How long the volume takes to where it is turned. */
const TURN_S = 0.02

export class WorkletPlayer implements Player {
  private way: Way | null = null
  /** Why the server's chunks do not come. */
  private trouble: string | null = null
  private readonly known: EngineState = nothing()
  /** Messages sent to the worklet. */
  private asked = 0
  private retuned: (() => void)[] = []
  private worker!: Worker
  private polling = 0
  /** What the Worker was told, for the one that may have to take over. */
  private readonly tracks = new Map<number, TrackRef>()
  private taste: Taste | null = null
  /** Behind the player from the first tap on: until then it costs nothing. */
  private recorder: AudioWorkletNode | null = null
  private tapped: Promise<Tap | null> = Promise.resolve(null)
  private epoch = -1
  private heardKey = -1
  private paused = false
  private ended = false

  private constructor(
    private readonly events: PlayerEvents,
    private readonly context: AudioContext,
    private readonly node: AudioWorkletNode,
    private readonly board: Board,
    private readonly analyst: WebAssembly.Module,
  ) {}

  static async create(events: PlayerEvents): Promise<WorkletPlayer> {
    const board = new Board()
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
      processorOptions: { module: engine, board: board.memory },
    })
    node.connect(context.destination)
    const player = new WorkletPlayer(events, context, node, board, analyst)
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
    this.node.port.onmessage = ({ data }: MessageEvent<FromProcessor>) => {
      if (data.type === "fault") this.events.fault(this.heardKey, "panic", data.message)
    }
    this.hire()
    this.poll()
  }

  /** A Worker of our own, joined to the worklet; also the one after a panic. */
  private hire(): void {
    const { port1, port2 } = new MessageChannel()
    this.worker = new Worker("/analyst-worker.js", { type: "module" })
    this.worker.onmessage = (event: MessageEvent<FromAnalyst>) => this.onAnalyst(event.data)
    this.worker.onerror = () => this.replace(this.epoch, "the decoder failed on this file")
    this.send({ type: "analyst", port: port1 }, [port1])
    this.tell({ type: "init", module: this.analyst, port: port2, loft: null }, [port2])
    this.tell({ type: "way", way: this.way })
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

  private send(message: ToProcessor, transfer: Transferable[] = []): void {
    this.asked++
    this.node.port.postMessage(message, transfer)
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
      case "chunks":
        this.trouble = message.trouble
        break
      case "fault":
        if (message.kind === "panic") this.replace(message.key, message.message)
        else this.events.fault(message.key, message.kind, message.message)
        break
    }
  }

  /** Looks where the worklet's engine is, and tells what has changed. */
  private look(): Readonly<EngineState> {
    const known = this.known
    this.board.read(known)
    if (known.epoch !== this.epoch || known.rendered === 0) return known
    if (known.key !== this.heardKey) {
      this.tracks.delete(this.heardKey)
      this.heardKey = known.key
      this.events.heard(known.key)
    }
    if (known.ended && !this.ended) {
      this.ended = true
      this.events.ended()
    }
    return known
  }

  private poll(): void {
    clearTimeout(this.polling)
    this.look()
    const rest = this.paused || this.ended || this.epoch < 0 ? 250 : 100
    this.polling = window.setTimeout(() => this.poll(), rest)
  }

  private async until(
    reached: (state: Readonly<EngineState>) => boolean,
    whileTrue: () => boolean = () => this.context.state !== "closed",
  ): Promise<void> {
    while (whileTrue() && !reached(this.look())) await new Promise((resolve) => setTimeout(resolve, 4))
  }

  /** One message to the worklet; resolves when it has followed it. */
  private async post(message: ToProcessor): Promise<void> {
    this.send(message)
    const mine = this.asked
    await this.until((state) => state.obeyed >= mine)
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
      (state) => state.epoch === key && (state.rendered > 0 || state.paused > 0 || state.ended > 0),
      () => this.epoch === key,
    )
  }

  next(key: number, track: TrackRef | null, taste: Taste): void {
    this.taste = taste
    if (track) this.tracks.set(key, track)
    this.tell({ type: "next", key, track, taste })
  }

  /** Waits until one more quantum was rendered. */
  private async heard(): Promise<void> {
    const { at } = this.look()
    if (this.context.state !== "running" || this.epoch < 0) return
    await this.until((state) => state.at > at, () => this.context.state === "running")
  }

  async pause(): Promise<void> {
    this.paused = true
    await this.post({ type: "pause" })
    await this.until((state) => state.paused > 0 || state.rendered === 0, () => this.paused)
  }

  async resume(): Promise<void> {
    this.paused = false
    await this.context.resume()
    await this.post({ type: "resume" })
    this.poll()
  }

  async listen(what: number, over_s: number): Promise<void> {
    await this.post({ type: "listen", what, over_s })
    await this.heard()
  }

  async retaste(taste: Taste): Promise<void> {
    this.taste = taste
    await new Promise<void>((resolve) => {
      this.retuned.push(resolve)
      this.tell({ type: "taste", taste })
    })
    await this.heard()
  }

  gaps(): number {
    // Where a browser tells what its audio thread missed, that counts too.
    const { playbackStats } = this.context as AudioContext & { playbackStats?: { underrunEvents: number } }
    return this.known.underruns + (playbackStats?.underrunEvents ?? 0)
  }

  mode(): Way {
    return this.known.relayed > 0 && this.way ? this.way : "worklet"
  }

  notice(): string | null {
    return this.trouble === null ? null : `The server's sound does not come: ${this.trouble}. What is here plays on.`
  }

  go(way: Way | null): void {
    this.way = way
    this.tell({ type: "way", way })
  }

  refresh(track_id: string): void {
    this.tell({ type: "refresh", track_id })
  }

  volume(x: number): void {
    this.send({ type: "volume", x, over_s: TURN_S })
  }

  state(): Readonly<PlayerState> {
    return this.known
  }

  /** One recording after the other: the recorder keeps one at a time. */
  tap(n: number): Promise<Tap> {
    const { port } = (this.recorder ??= this.record())
    const tap = () =>
      new Promise<Tap>((resolve) => {
        port.onmessage = (event: MessageEvent<Tap>) => resolve(event.data)
        port.postMessage(n)
      })
    const next = this.tapped.then(tap)
    this.tapped = next
    return next
  }

  /** A recorder beside the way to the device; it gives silence, for browsers run what leads there. */
  private record(): AudioWorkletNode {
    const recorder = new AudioWorkletNode(this.context, "auralis-recorder", { outputChannelCount: [2] })
    recorder.connect(this.context.destination)
    this.node.connect(recorder)
    return recorder
  }

  deviceRate(): number {
    return this.context.sampleRate
  }

  latencyMs(): number {
    return 1000 * (this.context.baseLatency + (this.context.outputLatency || 0))
  }
}
