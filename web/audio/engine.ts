/**
 * The page's engine: one object to play with. Where the browser has wasm SIMD, sound is made in the page, in an
 * AudioWorklet or, where there is none, ahead of time; elsewhere the server's native stream plays. What is less
 * than the best, `stats().notice` says.
 */
import { Streamer } from "./fallback.js"
import type { Player, PlayerEvents, Tap } from "./player.js"
import { reachable } from "./line.js"
import { RemotePlayer } from "./remote.js"
import type { Fault, Fingerprint, Mode, Phase, Plan, Stats, Taste, TrackRef, Way } from "./types.js"
import { PlainPlayer } from "./plain.js"
import { Ways } from "./ways.js"
import { WorkletPlayer } from "./worklet.js"

export type * from "./types.js"

export type EngineEvent = "phase" | "track" | "follow" | "plan" | "tick" | "fault"
type Listener = (engine: Engine, detail?: unknown) => void

/** A module with one SIMD instruction (i32x4 splat and any_true). */
const SIMD = new Uint8Array([
  0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 127, 3, 2, 1, 0, 10, 10, 1, 8, 0, 65, 0, 253, 17, 253, 83, 11,
])

/** Why sound cannot be made in this page at all, in words; null if it can. */
function obstacle(): string | null {
  if (typeof WebAssembly === "object" && WebAssembly.validate(SIMD)) return null
  return "Playing the native stream: this browser has no WebAssembly SIMD."
}

/** Why it cannot be made in the audio's own thread, in words; null if it can. */
function hindrance(): string | null {
  if (!globalThis.isSecureContext || typeof AudioWorkletNode === "undefined") {
    return "Enhanced ahead of time: browsers let the page enhance as it plays only over https or on localhost."
  }
  if (!globalThis.crossOriginIsolated) {
    return "Enhanced ahead of time: what stands before the server takes away its Cross-Origin headers."
  }
  return null
}

/** The server's sound, by the best way to it. */
async function streamed(events: PlayerEvents, said: string): Promise<Player> {
  if (await reachable()) return new RemotePlayer(events, said)
  return new Streamer(events, `${said} Nor is there a socket to the server: no instant compare, and a gap between tracks.`)
}

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
  private taste: Taste = { preset: "adaptive", intensity: 1, target_lufs: -14, album: false, reference: null, always: {} }
  private volume_ = 1
  private keys = 0
  private readonly tracks = new Map<number, TrackRef>()
  private readonly plans = new Map<number, { plan: Plan; fingerprint: Fingerprint | null }>()
  private key = -1
  private nextKey = -1
  private realtime: number | null = null
  private readonly ways = new Ways(hindrance() ? ["worker", "chunks"] : undefined)
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
    if (this.ways.heard(this.player?.gaps() ?? 0, performance.now())) this.go()
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
      calibrated: (realtime) => {
        this.realtime = realtime
        this.ways.measured(realtime)
        this.go()
      },
      heard: (key) => this.onHeard(key),
      ended: () => this.onEnded(),
      fault: (key, kind, message) => this.onFault(key, kind, message),
    }
    const [stream, plain] = [obstacle(), hindrance()]
    if (stream) this.player = await streamed(events, stream)
    else this.player = plain ? await PlainPlayer.create(events, plain) : await WorkletPlayer.create(events)
    this.player.volume(this.volume_)
    this.go()
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
    if (!same && this.ways.turned()) this.go()
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

  /** A track's plans promise more truly now: it is planned again, unless it plays already. */
  refresh(track_id: string): void {
    this.player?.refresh(track_id)
  }

  setVolume(x: number): void {
    this.volume_ = Math.min(1, Math.max(0, x))
    this.player?.volume(this.volume_)
  }

  /** Where the sound shall be made; null: wherever is best. */
  pin(way: Way | null): void {
    this.ways.pin(way)
    this.go()
  }

  private go(): void {
    this.player?.go(this.ways.now())
    this.emit("plan")
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
      mode: this.player?.mode() ?? (obstacle() ? "stream" : hindrance() ? "worker" : "worklet"),
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
      reason: this.ways.reason(),
      notice: (this.player ? this.player.notice() : (obstacle() ?? hindrance())) ?? this.degraded(),
    }
  }

  private degraded(): string | null {
    if (!this.player || !this.ways.is_degraded()) return null
    const where = this.ways.now() === "chunks" ? "The server makes the enhanced sound." : "Enhanced ahead of time in the page."
    return `${where} ${this.ways.reason()}`
  }

  /** A track that followed without a gap is heard now. */
  private onHeard(key: number): void {
    if (key === this.key || !this.tracks.has(key)) return
    this.key = key
    this.nextKey = -1
    this.comparing = this.mode === "original"
    void this.player?.listen(this.what(), SWITCH_S)
    if (this.ways.turned()) this.go()
    for (const old of this.tracks.keys()) {
      if (old < key - 4) {
        this.tracks.delete(old)
        this.plans.delete(old)
      }
    }
    this.emit("track")
    this.emit("follow")
    this.emit("plan")
  }

  private onEnded(): void {
    const next = this.tracks.get(this.nextKey)
    if (next) this.follow(next)
    else this.enter("ended")
  }

  /** Goes on to the next track by playing it: it could not join. */
  private follow(next: TrackRef): void {
    void this.play(next)
    this.emit("follow")
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
      if (next && kind !== "device") this.follow(next)
    }
  }
}
