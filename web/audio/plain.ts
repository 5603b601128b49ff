/**
 * Sound made in the page where browsers give no worklet (plain http from another machine): the Worker enhances
 * ahead of time, or takes what the server made, and the page schedules it beside the original.
 */
import type { Player, PlayerEvents, PlayerState, Tap } from "./player.js"
import { Schedule } from "./schedule.js"
import type { FromAnalyst, Made, Plan, Taste, ToAnalyst, TrackRef, Way } from "./types.js"
import { awake, compile } from "./waking.js"

/** How soon what comes after a jump is scheduled, and what is rendered anew of the same track, in seconds. */
const LEAD_S = 0.05
const ANEW_S = 0.25
/** Fades at a jump, and between two renders of the same sound. */
const DECLICK_S = 0.006
const SPLICE_S = 0.015
const TURN_S = 0.02
const POLL_MS = 100

/** Where in which track what was scheduled is. */
interface Place {
  at: number
  n: number
  key: number
  frame: number
  relayed: boolean
}

export class PlainPlayer implements Player {
  private worker!: Worker
  private readonly schedule: Schedule
  private generation = 0
  /** Where the line of this generation begins: at once, or where it joins what is heard. */
  private joins: number | null = null
  private opened = 0
  private is_open = false
  private places: Place[] = []
  /** Where all of it ends, once that is known. */
  private ends_at: number | null = null
  private is_over = false
  private has_failed = false
  private readonly tracks = new Map<number, TrackRef>()
  private readonly plans = new Map<number, Plan>()
  private following: { key: number; track: TrackRef | null } | null = null
  private taste: Taste | null = null
  private what = 0
  private level = 1
  private way: Way | null = null
  private trouble: string | null = null
  private polling = 0
  private readonly known: PlayerState = { key: -1, position: 0, rendered: 0, underruns: 0, reduction_db: 0 }

  private constructor(
    private readonly events: PlayerEvents,
    private readonly context: AudioContext,
    private readonly modules: { analyst: WebAssembly.Module; engine: WebAssembly.Module },
    private readonly said: string,
  ) {
    this.schedule = new Schedule(context)
    this.hire()
    this.poll()
  }

  static async create(events: PlayerEvents, said: string): Promise<PlainPlayer> {
    const context = new AudioContext({ latencyHint: "playback" })
    const [engine, analyst] = await Promise.all([compile("/engine.wasm"), compile("/analyst.wasm"), awake(context)]).catch(
      (error: unknown) => {
        void context.close()
        throw error
      },
    )
    return new PlainPlayer(events, context, { analyst, engine }, said)
  }

  private hire(): void {
    this.worker = new Worker("/analyst-worker.js", { type: "module" })
    this.worker.onmessage = (event: MessageEvent<FromAnalyst>) => this.on_analyst(event.data)
    this.worker.onerror = () => this.replace(this.known.key, "the decoder failed on this file")
    const { analyst, engine } = this.modules
    this.tell({ type: "init", module: analyst, port: null, loft: { module: engine, rate: this.context.sampleRate } })
    this.tell({ type: "way", way: this.way })
  }

  private tell(message: ToAnalyst): void {
    this.worker.postMessage(message)
  }

  /** After a panic: the faulty file is named, and what is heard goes on. */
  private replace(key: number, message: string): void {
    this.worker.terminate()
    this.hire()
    if (this.following?.key === key) this.following = null
    if (key !== this.known.key) this.anew()
    this.events.fault(key, "panic", message)
  }

  private on_analyst(message: FromAnalyst): void {
    switch (message.type) {
      case "made":
        this.on_made(message)
        break
      case "planned":
        this.plans.set(message.key, message.plan)
        this.events.planned(message.key, message.plan, message.fingerprint)
        break
      case "calibrated":
        this.events.calibrated(message.realtime)
        break
      case "chunks":
        this.trouble = message.trouble
        break
      case "fault":
        if (message.key === this.known.key) this.has_failed = true
        if (message.kind === "panic") this.replace(message.key, message.message)
        else this.events.fault(message.key, message.kind, message.message)
        break
    }
  }

  private frames(seconds: number): number {
    return Math.round(seconds * this.context.sampleRate)
  }

  private on_made({ generation, key, frame, relayed, planes }: Made): void {
    if (generation !== this.generation) return
    const n = planes[0]?.length ?? 0
    if (!this.is_open) this.open()
    if (n === 0) {
      this.ends_at = this.schedule.end()
      return
    }
    const at = this.schedule.feed(planes)
    const last = this.places.at(-1)
    this.places.push({ at, n, key, frame, relayed })
    if (last && last.key !== key) this.blend(SPLICE_S)
  }

  /** The line of this generation takes the place of what is heard. */
  private open(): void {
    this.is_open = true
    const at = this.joins ?? this.schedule.now() + this.frames(LEAD_S)
    this.opened = at
    this.schedule.open(at, this.frames(this.joins === null ? DECLICK_S : SPLICE_S))
    // Until then what was there is heard.
    this.places = this.places.filter((place) => place.at < at)
  }

  /** How much is heard of both, now, and from where the next track begins. */
  private blend(over_s: number): void {
    const now = this.schedule.now()
    this.schedule.blend(...this.mix(this.known.key), this.frames(over_s), now)
    const next = this.places.find((place) => place.at > now && place.key !== this.known.key)
    if (!next || !this.is_open) return
    const begins = next.at - Math.round(next.frame / this.ratio(next.key))
    this.schedule.blend(...this.mix(next.key), this.frames(SPLICE_S), Math.max(begins, now + this.frames(over_s)))
  }

  /** Gains of the enhanced and the original. */
  private mix(key: number): [number, number] {
    const gain = (db: number | undefined) => 10 ** ((db ?? 0) / 20)
    const compare = this.plans.get(key)?.compare
    const mixes: [number, number][] = [[1, 0], [gain(compare?.enhanced_db), 0], [0, gain(compare?.original_db)], [0, 1]]
    return mixes[this.what] ?? [0, 1]
  }

  /** Frames of a track for each of the device. */
  private ratio(key: number): number {
    return (this.tracks.get(key)?.sample_rate ?? this.context.sampleRate) / this.context.sampleRate
  }

  /** Which frame of which track is heard at a frame of the device. */
  private place(now: number): { key: number; frame: number; relayed: boolean } | null {
    const place = this.places.findLast((one) => one.at <= now)
    if (!place) return null
    const frame = place.frame + Math.min(now - place.at, place.n) * this.ratio(place.key)
    const n_frames = this.tracks.get(place.key)?.n_frames
    const next = this.places[this.places.indexOf(place) + 1]
    // A run may hold the end of one track and the beginning of the next.
    if (n_frames != null && frame >= n_frames && next && next.key !== place.key) {
      return { key: next.key, frame: next.frame - (next.at - now) * this.ratio(next.key), relayed: place.relayed }
    }
    return { key: place.key, frame, relayed: place.relayed }
  }

  private look(): void {
    const { known } = this
    const now = this.schedule.now()
    known.underruns = this.schedule.n_gaps
    if (!this.is_open) return
    const place = now >= this.opened ? this.place(now) : null
    if (place) {
      known.position = place.frame
      known.rendered = now - this.opened
      if (place.key !== known.key) {
        known.key = place.key
        this.events.heard(place.key)
      }
    }
    while ((this.places[1]?.at ?? Infinity) <= now) this.places.shift()
    this.tell({ type: "past", generation: this.generation, n_frames: Math.max(0, now - this.opened) })
    if (this.ends_at !== null && now >= this.ends_at && !this.is_over) {
      this.is_over = true
      this.events.ended()
    }
  }

  private poll(): void {
    clearTimeout(this.polling)
    this.look()
    this.polling = window.setTimeout(() => this.poll(), POLL_MS)
  }

  private begin(key: number, track: TrackRef, frame: number, joins: number | null, hasty: boolean): void {
    this.generation += 1
    this.joins = joins
    this.is_open = this.is_over = this.has_failed = false
    this.ends_at = null
    this.tell({ type: "play", key, track, frame, taste: this.taste as Taste, generation: this.generation, hasty })
  }

  async play(key: number, track: TrackRef, frame: number, taste: Taste): Promise<void> {
    this.taste = taste
    this.tracks.clear()
    this.tracks.set(key, track)
    this.following = null
    Object.assign(this.known, { key, position: frame, rendered: 0 })
    this.begin(key, track, frame, null, false)
    await this.until(() => this.known.rendered > 0, key)
  }

  /** Waits for what `reached` says, as long as this track is the one that was played last. */
  private async until(reached: () => boolean, key: number): Promise<void> {
    const mine = this.generation
    const hopes = () => this.generation === mine && this.known.key === key && !this.has_failed && this.context.state === "running"
    while (hopes() && !reached()) {
      await new Promise((resolve) => setTimeout(resolve, 10))
      this.look()
    }
  }

  /** What is heard goes on from a moment ahead, rendered anew. */
  private anew(): void {
    const at = this.schedule.now() + this.frames(ANEW_S)
    const place = this.place(at)
    const track = place && this.tracks.get(place.key)
    if (!place || !track) return
    this.begin(place.key, track, Math.max(0, Math.round(place.frame)), at, true)
    const { following } = this
    if (following && this.taste) this.tell({ type: "next", ...following, taste: this.taste })
  }

  next(key: number, track: TrackRef | null, taste: Taste): void {
    this.taste = taste
    if (track) this.tracks.set(key, track)
    this.following = { key, track }
    this.tell({ type: "next", key, track, taste })
  }

  async pause(): Promise<void> {
    this.schedule.level(0, this.frames(DECLICK_S))
    await new Promise((resolve) => setTimeout(resolve, 1000 * (DECLICK_S + this.context.baseLatency)))
    await this.context.suspend()
    this.look()
  }

  async resume(): Promise<void> {
    await this.context.resume()
    this.schedule.level(this.level, this.frames(DECLICK_S))
  }

  async listen(what: number, over_s: number): Promise<void> {
    this.what = what
    this.blend(over_s)
  }

  async retaste(taste: Taste): Promise<void> {
    this.taste = taste
    const { key } = this.known
    if (key < 0 || this.is_over) return
    this.anew()
    await this.until(() => this.is_open && this.schedule.now() > this.opened, key)
  }

  refresh(track_id: string): void {
    this.tell({ type: "refresh", track_id })
  }

  volume(x: number): void {
    this.level = x
    if (this.context.state === "running") this.schedule.level(x, this.frames(TURN_S))
  }

  state(): Readonly<PlayerState> {
    return this.known
  }

  gaps(): number {
    return this.known.underruns
  }

  mode(): Way {
    return this.place(this.schedule.now())?.relayed ? "chunks" : "worker"
  }

  notice(): string {
    return this.trouble === null ? this.said : `The server's sound does not come: ${this.trouble}. What is here plays on.`
  }

  go(way: Way | null): void {
    this.way = way
    this.tell({ type: "way", way })
  }

  async tap(n: number): Promise<Tap> {
    const { at, planes } = await this.schedule.record(n, (now) => this.place(now)?.frame ?? 0)
    return { frame: at, planes }
  }

  deviceRate(): number {
    return this.context.sampleRate
  }

  latencyMs(): number {
    return 1000 * (this.context.baseLatency + (this.context.outputLatency || 0))
  }
}
