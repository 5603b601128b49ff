/**
 * Sound made by the server for a page that cannot: it comes over the socket, and is scheduled on whole frames. The
 * device runs at the track's own rate, so that every frame is the server's; tracks of one rate join without a gap.
 */
import type { Told } from "../gen/api.js"
import { Line, type Piece } from "./line.js"
import type { Player, PlayerEvents, PlayerState, Tap } from "./player.js"
import { Schedule } from "./schedule.js"
import { query, taste_of } from "./taste.js"
import type { Fingerprint, Plan, Taste, TrackRef } from "./types.js"
import { awake } from "./waking.js"

/** How much is granted ahead of what is heard, in seconds of sound, and in bytes before it is known what that is. */
const AHEAD_S = 6
const FIRST_GRANT = 1 << 19
const BYTES_PER_FRAME = 8
/** How soon what comes after a jump is scheduled, and what is rendered anew of the same track, in seconds. */
const LEAD_S = 0.06
const ANEW_S = 0.3
const DECLICK_S = 0.006
const SPLICE_S = 0.015
const TURN_S = 0.02
const POLL_MS = 100
/** How often an unmeasured track is asked for again, in ms. */
const RETRY_MS = 1000
/** So often in a row it goes on by itself after a failure, so many ms apart. */
const MOST_RECOVERIES = 3
const RECOVERY_MS = 1000

const OFF_OR_ORIGINAL = 2

/** What was scheduled, until it is past. */
interface Place {
  key: number
  frame: number
  at: number
  n: number
  bytes: number
}

export class RemotePlayer implements Player {
  private readonly line: Line
  private context: AudioContext | null = null
  private schedule: Schedule | null = null
  private readonly tracks = new Map<number, TrackRef>()
  private readonly plans = new Map<number, Plan>()
  private taste: Taste | null = null
  private following: { key: number; track: TrackRef } | null = null
  /** The track that is sent, and where it goes on. */
  private sent = -1
  private frame = 0
  /** How often something was begun, which the server counts too. */
  private n_begun = 0
  /** Bytes that were granted on this connection, without what was used since. */
  private granted = 0
  /** Where what comes next joins what is heard: a frame of the device; null: at once. */
  private joins: number | null = null
  private opens = false
  private opened = 0
  private places: Place[] = []
  private ends_at: number | null = null
  private n_recoveries = 0
  private trouble: string | null = null
  private what = 0
  private level = 1
  private polling = 0
  private readonly known: PlayerState = { key: -1, position: 0, rendered: 0, underruns: 0, reduction_db: 0 }

  constructor(
    private readonly events: PlayerEvents,
    private readonly said: string,
  ) {
    this.line = new Line({
      told: (what) => this.on_told(what),
      piece: (piece) => this.on_piece(piece),
      lost: () => this.on_lost(),
    })
  }

  private async device(rate: number): Promise<Schedule> {
    if (this.schedule && this.context?.sampleRate === rate) return this.schedule
    void this.context?.close()
    this.context = new AudioContext({ latencyHint: "playback", sampleRate: rate })
    await awake(this.context)
    this.schedule = new Schedule(this.context)
    this.schedule.level(this.level, 0)
    this.places = []
    return this.schedule
  }

  private frames(seconds: number): number {
    return Math.round(seconds * (this.context?.sampleRate ?? 0))
  }

  async play(key: number, track: TrackRef, frame: number, taste: Taste): Promise<void> {
    this.taste = taste
    this.tracks.clear()
    this.tracks.set(key, track)
    this.following = null
    this.n_recoveries = 0
    Object.assign(this.known, { key, position: frame, rendered: 0 })
    await this.device(track.sample_rate)
    this.begin(key, frame, null)
    void this.planned(key).catch((error: unknown) => this.events.fault(key, "io", String(error)))
    this.poll()
    while (this.known.key === key && this.known.rendered === 0 && this.context?.state === "running") {
      await new Promise((resolve) => setTimeout(resolve, 10))
      this.look()
    }
  }

  /** Has a track sent from a frame on; it joins what is heard at a frame of the device, or at once. */
  private begin(key: number, frame: number, joins: number | null): void {
    const track = this.tracks.get(key)
    if (!track || !this.taste) return
    this.sent = key
    this.frame = frame
    this.joins = joins
    this.opens = true
    this.ends_at = null
    this.n_begun += 1
    const { preset, intensity, target_lufs, album, reference } = taste_of(this.taste, track.id)
    const taste = { preset, intensity, target_lufs, album, ...(reference === null ? {} : { reference }) }
    this.line.say({ command: "play", track_id: track.id, frame, taste, enhanced: this.what < OFF_OR_ORIGINAL })
    if (this.granted === 0) this.grant(FIRST_GRANT)
  }

  /** As much as `bytes` may be on its way. */
  private grant(bytes: number): void {
    if (bytes <= this.granted) return
    this.line.say({ command: "credit", bytes: bytes - this.granted })
    this.granted = bytes
  }

  /** The plan of a track, once it is measured: what it promises, and how loud it is beside the original. */
  private async planned(key: number): Promise<void> {
    const track = this.tracks.get(key)
    if (!track || !this.taste) return
    const path = `/api/tracks/${encodeURIComponent(track.id)}`
    while (this.tracks.get(key) === track) {
      const response = await fetch(`${path}/plan?${query(taste_of(this.taste, track.id))}`)
      if (response.ok) {
        const plan = (await response.json()) as Plan
        const measured = await fetch(`${path}/fingerprint`)
        const fingerprint = measured.ok ? ((await measured.json()) as Fingerprint) : null
        if (fingerprint) track.n_frames = fingerprint.n_frames
        this.plans.set(key, plan)
        this.events.planned(key, plan, fingerprint)
        if (key === this.known.key) this.blend(SPLICE_S)
        return
      }
      if (response.status !== 503) throw new Error(`the server answered ${response.status}`)
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS))
    }
  }

  private on_told(what: Told): void {
    switch (what.event) {
      case "opened": {
        // All that was begun before this one is over.
        if (what.epoch !== this.n_begun) return
        this.frame = what.frame
        const track = this.tracks.get(this.sent)
        if (track) track.n_frames = what.n_frames
        this.grant(AHEAD_S * what.rate * BYTES_PER_FRAME)
        break
      }
      case "ended":
        if (what.epoch === this.n_begun && what.reason === "completed") this.completed()
        break
      case "error":
        this.on_error(what)
        break
    }
  }

  private on_piece({ epoch, frame, planes, bytes }: Piece): void {
    const { schedule } = this
    if (epoch !== this.n_begun || !schedule) {
      // What was on its way when it was no longer wanted: its place is free.
      return this.line.say({ command: "credit", bytes })
    }
    const n = planes[0]?.length ?? 0
    if (this.opens) {
      this.opens = false
      const soonest = schedule.now() + this.frames(LEAD_S)
      const at = this.joins === null ? soonest : Math.max(this.joins, soonest)
      this.opened = this.joins === null ? at : 0
      schedule.open(at, this.frames(this.joins === null ? DECLICK_S : SPLICE_S))
      this.places = this.places.filter((place) => place.at < at)
      this.blend(0, at)
    }
    const at = schedule.feed(planes)
    this.places.push({ key: this.sent, frame, at, n, bytes })
    this.frame = frame + n
    this.n_recoveries = 0
    this.trouble = null
  }

  /** All of a track came: what follows comes right behind it, if the device can play it so. */
  private completed(): void {
    const { following, schedule } = this
    if (following && schedule && following.track.sample_rate === this.context?.sampleRate) {
      this.following = null
      this.begin(following.key, 0, null)
      this.opens = false
      void this.planned(following.key).catch(() => undefined)
    } else {
      this.ends_at = schedule?.end() ?? 0
    }
  }

  private on_error({ code, message, recovery_frame }: Told & { event: "error" }): void {
    if (recovery_frame === undefined) return this.events.fault(this.sent, code, message)
    this.recover(recovery_frame, message)
  }

  private on_lost(): void {
    this.n_begun = 0
    this.granted = 0
    if (this.sent >= 0 && this.ends_at === null) this.recover(this.frame, "the server is not there")
  }

  /** Goes on at a frame by itself, so many times; what was heard so far stays. */
  private recover(frame: number, message: string): void {
    this.n_recoveries += 1
    const key = this.sent
    if (this.n_recoveries > MOST_RECOVERIES) return this.events.fault(key, "io", message)
    this.trouble = message
    const pause = this.n_recoveries * RECOVERY_MS
    const mine = this.known.key
    setTimeout(() => {
      if (this.known.key !== mine || this.sent !== key) return
      this.begin(key, frame, null)
      // What comes goes behind what is there.
      this.opens = this.places.length === 0
    }, pause)
  }

  /** What is heard, and what of it is past. */
  private look(): void {
    const { schedule, known } = this
    if (!schedule) return
    const now = schedule.now()
    known.underruns = schedule.n_gaps
    const place = this.places.findLast((one) => one.at <= now)
    // After a jump what was there before is still heard for a moment.
    const jumps = (this.opens && this.joins === null) || now < this.opened
    if (place && !jumps) {
      known.position = place.frame + Math.min(now - place.at, place.n)
      known.rendered += 1
      if (place.key !== known.key) {
        known.key = place.key
        this.events.heard(place.key)
        this.blend(SPLICE_S)
      }
    }
    while ((this.places[1]?.at ?? Infinity) <= now) {
      const past = this.places.shift()
      if (past) this.line.say({ command: "credit", bytes: past.bytes })
    }
    if (this.ends_at !== null && now >= this.ends_at) {
      this.ends_at = null
      this.sent = -1
      this.events.ended()
    }
  }

  private poll(): void {
    clearTimeout(this.polling)
    this.look()
    this.polling = window.setTimeout(() => this.poll(), POLL_MS)
  }

  /** How loud what comes is: as the plan has it while both are compared. */
  private blend(over_s: number, at?: number): void {
    const compare = this.plans.get(this.known.key)?.compare
    const db = [0, compare?.enhanced_db, compare?.original_db, 0][this.what] ?? 0
    this.schedule?.blend(10 ** (db / 20), 0, this.frames(over_s), at)
  }

  /** What is heard goes on from a moment ahead, made anew. */
  private anew(): void {
    const { schedule } = this
    if (!schedule) return
    const at = schedule.now() + this.frames(ANEW_S)
    const place = this.places.findLast((one) => one.at <= at)
    if (!place) return
    for (const past of this.places) if (past.at > at) this.line.say({ command: "credit", bytes: past.bytes })
    this.begin(place.key, place.frame + (at - place.at), at)
  }

  next(key: number, track: TrackRef | null, taste: Taste): void {
    this.taste = taste
    this.following = track && { key, track }
    if (track) this.tracks.set(key, track)
  }

  async pause(): Promise<void> {
    this.line.say({ command: "pause" })
    await this.context?.suspend()
  }

  async resume(): Promise<void> {
    if (!this.context || this.context.state === "running") return
    await this.context.resume()
    this.line.say({ command: "resume" })
  }

  async listen(what: number, over_s: number): Promise<void> {
    const was = this.what
    this.what = what
    if (was < OFF_OR_ORIGINAL === what < OFF_OR_ORIGINAL) this.blend(over_s)
    else this.anew()
  }

  async retaste(taste: Taste): Promise<void> {
    this.taste = taste
    if (this.known.key < 0) return
    this.anew()
    await this.planned(this.known.key)
  }

  refresh(): void {
    // What is not sent yet is asked for when its turn comes.
  }

  volume(x: number): void {
    this.level = x
    this.schedule?.level(x, this.frames(TURN_S))
  }

  state(): Readonly<PlayerState> {
    return this.known
  }

  gaps(): number {
    return this.known.underruns
  }

  mode(): "stream" {
    return "stream"
  }

  notice(): string {
    return this.trouble === null ? this.said : `The stream broke off (${this.trouble}); it goes on by itself.`
  }

  go(): void {
    // A page that cannot make sound has no other way.
  }

  async tap(n: number): Promise<Tap> {
    if (!this.schedule) throw new Error("nothing plays yet")
    const where = (now: number) => {
      const place = this.places.findLast((one) => one.at <= now)
      return place ? place.frame + (now - place.at) : 0
    }
    const { at, planes } = await this.schedule.record(n, where)
    return { frame: at, planes }
  }

  deviceRate(): number | null {
    return this.context?.sampleRate ?? null
  }

  latencyMs(): number {
    const { context } = this
    return context ? 1000 * (context.baseLatency + (context.outputLatency || 0)) : 0
  }
}
