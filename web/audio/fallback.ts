/**
 * The way without WebAssembly or a socket: an `<audio>` element on the server's native stream. The same sound; no
 * gapless joins, and a switch costs a moment.
 */
import type { Player, PlayerEvents, PlayerState } from "./player.js"
import { query, taste_of } from "./taste.js"
import type { Fingerprint, Plan, Taste, TrackRef } from "./types.js"

const OFF_OR_ORIGINAL = 2
/** How often an unmeasured track is asked for again, in ms. */
const RETRY = 1000

export class Streamer implements Player {
  private readonly audio = new Audio()
  private track: TrackRef | null = null
  private taste: Taste | null = null
  private key = -1
  private enhanced = true
  private readonly known: PlayerState = { key: -1, position: 0, rendered: 0, underruns: 0, reduction_db: 0 }

  constructor(
    private readonly events: PlayerEvents,
    private readonly said: string,
  ) {
    this.audio.preload = "auto"
    this.audio.addEventListener("ended", () => events.ended())
    this.audio.addEventListener("waiting", () => void this.known.underruns++)
    this.audio.addEventListener("error", () => {
      if (this.track && this.audio.error?.code === MediaError.MEDIA_ERR_DECODE) {
        events.fault(this.key, "damaged", "the stream broke off")
      }
    })
  }

  gaps(): number {
    return this.known.underruns
  }

  mode(): "stream" {
    return "stream"
  }

  notice(): string {
    return this.said
  }

  go(): void {
    // An element plays what the server makes, and nothing else.
  }

  private api(path: string): string {
    return `/api/tracks/${encodeURIComponent(this.track?.id ?? "")}${path}`
  }

  /** The taste for the track that plays, as the server is asked for it. */
  private fields(): URLSearchParams {
    return query(taste_of(this.taste as Taste, this.track?.id ?? ""))
  }

  async play(key: number, track: TrackRef, frame: number, taste: Taste): Promise<void> {
    this.key = key
    this.track = track
    this.taste = taste
    Object.assign(this.known, { key, position: frame, rendered: 0 })
    await this.planned(key)
    await this.load(frame / track.sample_rate)
    this.known.rendered = 1
  }

  /** The plan of this track, once it is measured; meanwhile it waits. */
  private async planned(key: number): Promise<void> {
    while (this.key === key) {
      const response = await fetch(this.api(`/plan?${this.fields()}`))
      if (response.ok) {
        const plan = (await response.json()) as Plan
        const measured = await fetch(this.api("/fingerprint"))
        const fingerprint = measured.ok ? ((await measured.json()) as Fingerprint) : null
        return this.events.planned(key, plan, fingerprint)
      }
      if (response.status !== 503) throw new Error(`the server answered ${response.status}`)
      await new Promise((resolve) => setTimeout(resolve, RETRY))
    }
  }

  private async load(seconds: number): Promise<void> {
    const fields = this.fields()
    fields.set("enhanced", String(this.enhanced))
    this.audio.src = this.api(`/stream?${fields}`)
    this.audio.currentTime = seconds
    await this.audio.play()
  }

  next(): void {
    // The element knows one track; the engine plays the next at the end.
  }

  async pause(): Promise<void> {
    this.audio.pause()
  }

  async resume(): Promise<void> {
    if (this.audio.src && this.audio.paused && !this.audio.ended) await this.audio.play()
  }

  private async reload(): Promise<void> {
    if (!this.track) return
    const held = this.audio.paused
    await this.load(this.audio.currentTime)
    if (held) this.audio.pause()
  }

  async listen(what: number): Promise<void> {
    const enhanced = what < OFF_OR_ORIGINAL
    if (enhanced === this.enhanced) return
    this.enhanced = enhanced
    await this.reload()
  }

  async retaste(taste: Taste): Promise<void> {
    this.taste = taste
    if (!this.track) return
    await this.planned(this.key)
    await this.reload()
  }

  refresh(): void {
    // What is not heard yet is asked for when its turn comes.
  }

  volume(x: number): void {
    this.audio.volume = x
  }

  state(): Readonly<PlayerState> {
    this.known.position = this.audio.currentTime * (this.track?.sample_rate ?? 0)
    return this.known
  }

  tap(): Promise<never> {
    return Promise.reject(new Error("a stream cannot be tapped"))
  }

  deviceRate(): null {
    return null
  }

  latencyMs(): number {
    return 0
  }
}
