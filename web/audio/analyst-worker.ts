/**
 * The Worker: decodes, plans and feeds the worklet directly, over their own
 * port. The page's thread never sees PCM.
 */
import { Track, calibrate, hears_from, initSync, measure, plan, plan_numbers } from "../gen/analyst.js"
import { query, taste_of } from "./taste.js"
import type { Fingerprint, FromAnalyst, FromPlayer, Plan, Taste, ToAnalyst, ToPlayer, TrackRef } from "./types.js"

/** Frames per message: as many as the worklet takes at once, for each message costs its thread time. */
const CHUNK = 32_768
/** Pre-roll of the chunk a seek lands in, in seconds (the law asks for 3). */
const PRE_ROLL_S = 3
/** How often what is being measured is asked for again, in ms. */
const RETRY_MS = 1000
/** How long an unmeasured track takes to fade to enhanced, in seconds. */
const FADE_S = 2
/** While the ring is full it is looked at no more often than this, in ms: a pause makes no room. */
const SHORTEST_REST_MS = 120
/** Messages of PCM on their way at once; what is more waits in the worklet's ring. */
const IN_FLIGHT = 2

/** A track being played or about to be. */
interface Item {
  key: number
  track: TrackRef
  file: Track
  /** The plan's numbers, once there are any. */
  numbers: Float32Array | null
  /** The plan's id, and the taste it was made for. */
  plan_id: string | null
  planned_for: Taste | null
  /** Whether the server's own plan is still to come. */
  provisional: boolean
  fingerprint: Fingerprint | null
  /** It cannot be measured: no plan will come. */
  hopeless: boolean
  /** Where its frame 0 lies on the timeline, once the worklet knows of it. */
  start: number
  offered: boolean
  /** The next of its frames to be read. */
  at: number
  /** Its length in frames; −1: not known yet. */
  n_frames: number
}

let page: (message: FromAnalyst) => void
let port: MessagePort
let taste: Taste
/** The play in force; older work sees it and ends. */
let epoch = -1
/** Bumped whenever something else is to be fed: the loop that fed before ends. */
let turn = 0
/** Resolves when the play in force has begun. */
let starting: Promise<void> = Promise.resolve()
/** The track being fed, the one before it that may still be heard, and the one to come. */
let current: Item | null = null
let before: Item | null = null
let next: Item | null = null
/** The key of the latest wish for a next track. */
let wish = -1
/** The key of the file being opened: a panic there never comes back to its caller. */
let opening = -1
/** Whether all there is has been fed. */
let finished = false
let calibrated = false
const watched = new Set<Item>()
const spare: Float32Array[] = []
let answers: ((answer: FromPlayer) => void)[] = []

const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms))

/** One message to the worklet and its answer; answers come in order. */
function ask(message: ToPlayer): Promise<FromPlayer> {
  return new Promise((resolve) => {
    answers.push(resolve)
    port.postMessage(message, message.type === "pcm" ? [message.planes.buffer] : [])
  })
}

function onPlayer(answer: FromPlayer): void {
  if (answer.planes) spare.push(answer.planes)
  answers.shift()?.(answer)
}

/** The server's fingerprint; null while it measures, undefined if it cannot: the track plays as it is. */
async function fingerprintOf(track: TrackRef): Promise<Fingerprint | null | undefined> {
  const response = await fetch(`/api/tracks/${encodeURIComponent(track.id)}/fingerprint`)
  if (response.ok) return (await response.json()) as Fingerprint
  if (response.status === 503) return null
  const problem = (await response.json().catch(() => ({}))) as { type?: string; detail?: string; title?: string }
  if (problem.type === "/problems/not-measurable") return undefined
  throw { kind: "io", message: problem.detail ?? problem.title ?? `the server answered ${response.status}` }
}

const url = (track: TrackRef) => `/api/tracks/${encodeURIComponent(track.id)}/file`

/** A plan, and whether the server has a better one as soon as it has measured what it must. */
interface Planned {
  made: Plan
  provisional: boolean
}

/**
 * The server's plan: it knows the album, the reference, and what rendering taught. Where it gives none, the
 * plan that can be made here, of the track alone.
 */
async function planFor(track: TrackRef, fingerprint: Fingerprint, usual: Taste): Promise<Planned> {
  const wanted = taste_of(usual, track.id)
  let status = 0
  try {
    const response = await fetch(`/api/tracks/${encodeURIComponent(track.id)}/plan?${query(wanted)}`)
    if (response.ok) return { made: (await response.json()) as Plan, provisional: false }
    status = response.status
  } catch {
    // Not reached: the page says so, and what is known here is enough to play.
  }
  const { preset, intensity, target_lufs } = wanted
  return { made: plan(fingerprint, { preset, intensity, target_lufs }) as Plan, provisional: status === 503 }
}

/** Takes a plan on and says so to the page; answers whether it changes the sound. */
function takeOn(item: Item, { made, provisional }: Planned): boolean {
  const changes = item.plan_id !== made.id
  item.provisional = provisional
  item.plan_id = made.id
  if (changes) item.numbers = plan_numbers(made)
  page({ type: "planned", key: item.key, plan: made, fingerprint: item.fingerprint as Fingerprint })
  return changes
}

/** Plans an item anew by the taste of now; what changes is heard at once, a first plan over a while. */
async function replan(item: Item): Promise<void> {
  if (!item.fingerprint) return
  const wanted = taste
  item.planned_for = wanted
  const planned = await planFor(item.track, item.fingerprint, wanted)
  // Meanwhile another taste was asked for.
  if (item.planned_for !== wanted) return
  if (takeOn(item, planned) && item.numbers) {
    await ask({ type: "retune", key: item.key, numbers: item.numbers, fade_s: FADE_S })
  }
}

/** Opens a track; `reuse` is the file of the same track, already open. */
async function open(key: number, track: TrackRef, reuse?: Track): Promise<Item> {
  const known = await fingerprintOf(track)
  const wanted = taste
  const planning = known ? planFor(track, known, wanted) : null
  opening = key
  const file = reuse ?? (await Track.open(new URL(url(track), location.href).href))
  opening = -1
  const item: Item = {
    key,
    track,
    file,
    numbers: null,
    plan_id: null,
    planned_for: wanted,
    provisional: false,
    fingerprint: known ?? null,
    hopeless: known === undefined,
    start: 0,
    offered: true,
    at: 0,
    n_frames: known?.n_frames ?? -1,
  }
  if (planning) takeOn(item, await planning)
  return item
}

const panicked = (error: unknown) => error instanceof WebAssembly.RuntimeError

function fail(key: number, error: unknown): void {
  const fault = error as { kind?: string; message?: string }
  const lost = panicked(error)
  const kind = lost ? "panic" : (fault.kind ?? "io")
  const message = lost ? "the decoder failed on this file" : (fault.message ?? String(error))
  page({ type: "fault", key, kind, message })
  // After a panic the instance is unusable; the page replaces this Worker.
  if (lost) close()
}

async function play(key: number, track: TrackRef, frame: number): Promise<void> {
  epoch = key
  const mine = ++turn
  let began = () => {}
  starting = new Promise((resolve) => (began = resolve))
  try {
    const room = await begin(mine, key, track, frame)
    began()
    if (room !== null) await feed(mine, room)
  } catch (error) {
    if (turn === mine) fail(key, error)
  } finally {
    began()
  }
}

/** Starts the worklet on a track; answers its room, or null if that is past. */
async function begin(mine: number, key: number, track: TrackRef, frame: number): Promise<number | null> {
  const known = [before, current, next].find((item) => item?.track.id === track.id)
  const item = await open(key, track, known?.file)
  if (turn !== mine) {
    release(item)
    return null
  }
  const past = [before, current, next]
  current = item
  before = next = null
  finished = false
  past.forEach(release)
  const rate = item.file.rate
  page({ type: "rate", key, rate })
  const from = item.numbers ? hears_from(rate, frame, item.n_frames, PRE_ROLL_S) : frame
  move(item, from)
  const { numbers, n_frames } = item
  const started = await ask({ type: "start", epoch: key, key, rate, numbers, n_frames, frame, fed_from: from })
  if (!started.done) throw { kind: "invalid", message: `this device cannot play ${rate} Hz` }
  watch(item)
  return turn === mine ? started.room : null
}

/** Feeds the worklet as long as this turn lasts. */
async function feed(mine: number, room: number): Promise<void> {
  try {
    await pour(mine, room)
  } catch (error) {
    if (turn !== mine || !current) return
    const faulty = current
    // After a panic nothing here can be used: the Worker that replaces this one feeds on.
    if (before && !panicked(error)) await drop(faulty)
    fail(faulty.key, error)
  }
}

/** A track that is not heard yet is at fault: what is heard plays to its end. */
async function drop(faulty: Item): Promise<void> {
  const { key } = await ask({ type: "unfollow", epoch })
  if (before?.key !== key) return
  current = before
  before = null
  release(faulty)
  finished = true
  await ask({ type: "end", epoch })
}

async function pour(mine: number, room: number): Promise<void> {
  let in_flight = 0
  while (turn === mine && current) {
    if (room < CHUNK * (in_flight + 1)) {
      // The ring is full: it holds seconds, and what is missing takes its time to be played.
      const rest = Math.max(SHORTEST_REST_MS, (1000 * (CHUNK - room)) / current.file.rate)
      if (in_flight === 0) await sleep(rest)
      room = (await ask({ type: "room", epoch })).room
      in_flight = 0
      continue
    }
    await offerNext()
    if (turn !== mine) return
    const item: Item = current
    const planes = spare.pop() ?? new Float32Array(2 * CHUNK)
    const n = item.file.read(planes)
    item.at += n
    if (!calibrated && n === CHUNK && item.numbers) calibrateWith(planes, item)
    in_flight += 1
    const answer = ask({ type: "pcm", epoch, planes, n })
    if (in_flight >= IN_FLIGHT || n < CHUNK) {
      room = (await answer).room
      in_flight = 0
    }
    if (n < CHUNK && !(await goOn(mine, item))) return
  }
}

/** At the end of a file: on to the next, or the end. */
async function goOn(mine: number, ended: Item): Promise<boolean> {
  const concealed = ended.file.concealed
  if (concealed > 0) page({ type: "concealed", key: ended.key, packets: concealed })
  if (turn !== mine) return false
  if (ended.n_frames < 0) ended.n_frames = (await ask({ type: "room", epoch })).fed - ended.start
  await offerNext()
  if (turn !== mine) return false
  if (!next?.offered) {
    finished = true
    await ask({ type: "end", epoch })
    return false
  }
  // What was fed is still to be heard: its file may be needed again.
  const past = before
  before = ended
  current = next
  next = null
  release(past)
  return true
}

/** Tells the worklet what follows, as soon as it is known where. */
async function offerNext(): Promise<void> {
  const item = next
  if (!item || !current || item.offered || current.n_frames < 0) return
  if (item.file.rate !== current.file.rate) return
  const start = current.start + current.n_frames
  const { key, numbers, n_frames } = item
  item.offered = true
  item.start = start
  const answer = await ask({ type: "follow", epoch, key, numbers, start, n_frames })
  if (!answer.done) item.offered = false
  else if (next === item || current === item) {
    page({ type: "followed", key })
    watch(item)
  }
}

/** Another track is to follow; what follows now is taken back, even if it is being fed. */
async function setNext(key: number, track: TrackRef | null): Promise<void> {
  const mine = epoch
  wish = key
  const wanted = () => epoch === mine && wish === key
  await starting
  try {
    if (!wanted()) return
    if (next?.offered || before) await takeBack()
    const old = next
    next = null
    release(old)
    if (!track || !wanted()) return
    const item = await open(key, track)
    item.offered = false
    if (!wanted()) return release(item)
    next = item
    if (item.planned_for !== taste) await replan(item)
    if (finished) await takeBack()
  } catch (error) {
    if (wanted()) fail(key, error)
  }
}

/** Withdraws what the listener has not begun to hear, and feeds on from there. */
async function takeBack(): Promise<void> {
  const mine = ++turn
  finished = false
  const { fed, key, room } = await ask({ type: "unfollow", epoch })
  if (turn !== mine) return
  if (before?.key === key) {
    const withdrawn = current
    current = before
    before = null
    if (withdrawn !== next) release(withdrawn)
  }
  if (next) next.offered = false
  if (!current) return
  if (current.at !== fed - current.start) move(current, fed - current.start)
  void feed(mine, room)
}

/** Another Worker's panic is over: goes on feeding what it fed. */
async function adopt(play: number, key: number, track: TrackRef): Promise<void> {
  epoch = play
  const mine = ++turn
  const { fed, start, room } = await ask({ type: "unfollow", epoch })
  try {
    const item = await open(key, track)
    if (turn !== mine) return release(item)
    current = item
    item.start = start
    move(item, fed - start)
    watch(item)
  } catch (error) {
    return fail(key, error)
  }
  await feed(mine, room)
}

function move(item: Item, frame: number): void {
  item.file.seek(frame)
  item.at = frame
}

/** Waits beside all else for what is not measured yet: the track, or what it shall sound like. */
function watch(item: Item): void {
  if (item.hopeless || watched.has(item)) return
  if (item.fingerprint && !item.provisional && item.planned_for === taste) return
  watched.add(item)
  awaitPlan(item)
    .catch((error: unknown) => fail(item.key, error))
    .finally(() => watched.delete(item))
}

/** Until there is the plan of now: asks the server, and measures here meanwhile. */
async function awaitPlan(item: Item): Promise<void> {
  const alive = () => item === current || item === next || item === before
  if (!item.fingerprint) await awaitFingerprint(item, alive)
  if (alive() && (item.numbers === null || item.planned_for !== taste)) await replan(item)
  while (alive() && item.provisional) {
    await sleep(RETRY_MS)
    if (alive()) await replan(item)
  }
}

async function awaitFingerprint(item: Item, alive: () => boolean): Promise<void> {
  const here = measure(new URL(url(item.track), location.href).href, undefined, (frames: number) => {
    page({ type: "measuring", key: item.key, frames })
    return alive() && !item.fingerprint
  }).then(
    (measured: unknown) => void (item.fingerprint ??= measured as Fingerprint),
    (error: unknown) => {
      // The server's measuring may still succeed; after a panic nothing here does.
      if (panicked(error)) throw error
    },
  )
  while (alive() && !item.fingerprint) {
    await Promise.race([sleep(RETRY_MS), here])
    if (item.fingerprint) break
    const known = await fingerprintOf(item.track).catch(() => null)
    if (known === undefined) return
    item.fingerprint = known
  }
}

/** How fast this device runs the chain, told once. */
function calibrateWith(planes: Float32Array, item: Item): void {
  calibrated = true
  if (!item.numbers) return
  const realtime = calibrate(planes, item.file.rate, item.numbers, () => performance.now())
  page({ type: "calibrated", realtime })
}

async function retaste(): Promise<void> {
  for (const item of [current, before, next]) {
    if (!item) continue
    await replan(item)
    watch(item)
  }
}

/** A track to come is planned again; what may be heard already keeps its plan. */
async function refresh(track_id: string): Promise<void> {
  if (next?.track.id === track_id) await replan(next)
}

/** Closes an item's file, if nothing plays from it. */
function release(item: Item | null): void {
  const used = [before, current, next].some((other) => other?.file === item?.file)
  if (item && !used) item.file.free()
}

/** The taste of now: the same object as long as it says the same. */
function tasteIs(said: Taste): void {
  if (JSON.stringify(said) !== JSON.stringify(taste)) taste = said
}

self.onmessage = (event: MessageEvent<ToAnalyst>) => {
  const message = event.data
  switch (message.type) {
    case "init":
      initSync({ module: message.module })
      page = (told) => self.postMessage(told)
      port = message.port
      port.onmessage = (answer: MessageEvent<FromPlayer>) => onPlayer(answer.data)
      answers = []
      page({ type: "ready" })
      break
    case "play":
      tasteIs(message.taste)
      void play(message.key, message.track, message.frame)
      break
    case "next":
      tasteIs(message.taste)
      void setNext(message.key, message.track)
      break
    case "adopt":
      tasteIs(message.taste)
      void adopt(message.epoch, message.key, message.track)
      break
    case "taste":
      tasteIs(message.taste)
      retaste()
        .catch((error: unknown) => fail(current?.key ?? -1, error))
        .finally(() => page({ type: "retuned" }))
      break
    case "refresh":
      refresh(message.track_id).catch((error: unknown) => fail(next?.key ?? -1, error))
      break
    case "stop":
      epoch = -1
      turn += 1
      break
  }
}

self.addEventListener("error", (event) => {
  event.preventDefault()
  fail(opening >= 0 ? opening : (current?.key ?? epoch), event.error)
})
