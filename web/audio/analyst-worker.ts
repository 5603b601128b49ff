/**
 * The Worker: decodes, plans and feeds the worklet directly, over their own
 * port. The page's thread never sees PCM.
 */
import { Track, calibrate, hears_from, initSync, measure, plan_numbers } from "../gen/analyst.js"
import { ChunkWet } from "./chunks.js"
import { Loft } from "./loft.js"
import { fingerprintOf, type Planned, planFor, url } from "./plans.js"
import type { Fingerprint, FromAnalyst, FromPlayer, Taste, ToAnalyst, ToPlayer, TrackRef, Way } from "./types.js"
import { best_way } from "./ways.js"
import { AheadWet, type Item, RUN, type Taker, type Wet } from "./wet.js"

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
/** A new taste is first rendered with so short a pre-roll, and may be heard so soon, in seconds. */
const QUICK_S = 0.5
const SOON_S = 0.08
/** A device that runs the chain less often than this as fast as real time has no time for more. */
const SLOW = 40
/** What was rendered with it is rendered again after so long, where what follows needs more. */
const HASTE_S = 1.5
/** What changes nothing that can be heard, another way, has more time. */
const LATER_S = 0.6

let page: (message: FromAnalyst) => void
let port: MessagePort | null
/** What stands in for the worklet. */
let loft: Loft | null = null
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
/** Where enhanced frames are made, and what makes them if that is not the worklet. */
let way: Way = "worklet"
/** Whether that is to be chosen as soon as it is known how fast this device is. */
let choosing = true
let wet: Wet | null = null
/** The frame of the timeline up to which the worklet has the original. */
let sent = 0
/** Resolves the wait for the first frames of `wet`. */
let begun = () => {}
let calibrated = false
/** Whether seconds of pre-roll would be waited for. */
let is_slow = false
const watched = new Set<Item>()
const spare: Float32Array[] = []
let answers: ((answer: FromPlayer) => void)[] = []

const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms))

/** One message to the worklet and its answer; answers come in order. */
function ask(message: ToPlayer): Promise<FromPlayer> {
  if (loft) {
    const answer = loft.obey(message)
    if (answer.planes) spare.push(answer.planes)
    return Promise.resolve(answer)
  }
  return new Promise((resolve) => {
    answers.push(resolve)
    port?.postMessage(message, "planes" in message ? [message.planes.buffer] : [])
  })
}

function onPlayer(answer: FromPlayer): void {
  if (answer.planes) spare.push(answer.planes)
  answers.shift()?.(answer)
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
  if (!takeOn(item, planned) || !item.numbers) return
  // Of a relay the first enhanced frames are there before they are wanted.
  if (way !== "worklet" && item !== next) await anew(SOON_S, QUICK_S)
  else if (item.offered) wet?.retune(item)
  await ask({ type: "retune", key: item.key, numbers: item.numbers, fade_s: FADE_S })
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

async function play({ key, track, frame, generation, hasty }: Play): Promise<void> {
  epoch = key
  const mine = ++turn
  let began = () => {}
  starting = new Promise((resolve) => (began = resolve))
  try {
    const room = await begin(mine, key, track, frame, () => loft?.expect(generation ?? key), hasty)
    began()
    if (room !== null) await feed(mine, room)
  } catch (error) {
    if (turn === mine) fail(key, error)
  } finally {
    began()
  }
}

type Play = Extract<ToAnalyst, { type: "play" }>

/** Starts the worklet on a track; answers its room, or null if that is past. */
async function begin(
  mine: number, key: number, track: TrackRef, frame: number, starts: () => void, hasty = false,
): Promise<number | null> {
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
  stopWet()
  const rate = item.file.rate
  page({ type: "rate", key, rate })
  if (choosing && !calibrated) choose(item, frame)
  const whole = item.numbers ? hears_from(rate, frame, item.n_frames, PRE_ROLL_S) : frame
  const from = hasty && is_slow ? Math.max(whole, frame - Math.round(QUICK_S * rate)) : whole
  move(item, from)
  starts()
  const { numbers, n_frames } = item
  sent = from
  const relayed = way !== "worklet"
  const started = await ask({ type: "start", epoch: key, key, rate, numbers, n_frames, frame, fed_from: from, relayed })
  if (!started.done) throw { kind: "invalid", message: `this device cannot play ${rate} Hz` }
  if (turn === mine) makeWet(item, frame, from)
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
  wet?.unfollow(current)
  wet?.end()
  wet?.flush()
  await ask({ type: "end", epoch })
}

async function pour(mine: number, room: number): Promise<void> {
  let in_flight = 0
  while (turn === mine && current) {
    const run = way === "worklet" ? CHUNK : RUN
    // What is rendered anew the worklet has already.
    const again = current.start + current.at + run <= sent
    if (again) await sleep(0)
    else if (room < run * (in_flight + 1)) {
      // The ring is full: it holds seconds, and what is missing takes its time to be played.
      const rest = Math.max(SHORTEST_REST_MS, (1000 * (run - room)) / current.file.rate)
      if (in_flight === 0) await sleep(rest)
      room = (await ask({ type: "room", epoch })).room
      in_flight = 0
      continue
    }
    await offerNext()
    if (turn !== mine) return
    const item: Item = current
    const planes = taker.buffer(run)
    const from = item.start + item.at
    const n = item.file.read(planes)
    item.at += n
    if (!calibrated && n === run && item.numbers) calibrateWith(planes, item)
    wet?.fed(planes, n)
    const answer = pass(planes, from, n)
    wet?.flush()
    if (answer) in_flight += 1
    if (answer && (in_flight >= IN_FLIGHT || n < run)) {
      room = (await answer).room
      in_flight = 0
    }
    if (n < run && !(await goOn(mine, item))) return
  }
}

/** Sends what the worklet does not have yet of `n` frames of the original; null: it has them all. */
function pass(planes: Float32Array, from: number, n: number): Promise<FromPlayer> | null {
  const n_known = Math.min(n, Math.max(0, sent - from))
  const half = planes.length / 2
  if (n_known > 0) for (const at of [0, half]) planes.copyWithin(at, at + n_known, at + n)
  if (n_known === n && n > 0) {
    spare.push(planes)
    return null
  }
  sent = from + n
  return ask({ type: "pcm", epoch, planes, n: n - n_known })
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
    wet?.end()
    wet?.flush()
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
  const served = wet
  const answer = await ask({ type: "follow", epoch, key, numbers, start, n_frames })
  if (!answer.done) item.offered = false
  else if (next === item || current === item) {
    // One that began meanwhile knows of it.
    if (wet === served) wet?.follow(item)
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
  const { fed, key, room, at } = await ask({ type: "unfollow", epoch })
  if (turn !== mine) return
  sent = fed
  const withdrawn = before?.key === key ? current : null
  if (withdrawn) {
    current = before
    before = null
    if (withdrawn !== next) release(withdrawn)
  }
  if (next) next.offered = false
  if (!current) return
  // What follows was being rendered already: the chains go back.
  if (withdrawn && wet) renew(at, LATER_S, PRE_ROLL_S)
  else {
    wet?.unfollow(current)
    if (current.at !== fed - current.start) move(current, fed - current.start)
  }
  void feed(mine, room)
}

/** Another Worker's panic is over: goes on feeding what it fed. */
async function adopt(play: number, key: number, track: TrackRef): Promise<void> {
  epoch = play
  const mine = ++turn
  const { fed, start, room, at } = await ask({ type: "unfollow", epoch })
  sent = fed
  try {
    const item = await open(key, track)
    if (turn !== mine) return release(item)
    current = item
    item.start = start
    move(item, fed - start)
    if (way !== "worklet") renew(at, LATER_S, PRE_ROLL_S)
    watch(item)
  } catch (error) {
    return fail(key, error)
  }
  await feed(mine, room)
}

/** What hands frames to the worklet. */
const taker: Taker = {
  buffer: (n) => {
    const i = spare.findIndex((planes) => planes.length === 2 * n)
    return i < 0 ? new Float32Array(2 * n) : (spare.splice(i, 1)[0] as Float32Array)
  },
  wet: (frame, planes, n) => {
    void ask({ type: "wet", epoch, frame, planes, n })
    begun()
  },
  sent: () => sent,
}

function stopWet(): void {
  wet?.stop()
  wet = null
  begun()
}

/** Lets enhanced frames be made from `frame` of a track on, by what hears it from `from` on. */
function makeWet(item: Item, frame: number, from: number): void {
  stopWet()
  if (way === "worklet" || !item.numbers) return
  const trouble = (said: string | null) => page({ type: "chunks", trouble: said })
  wet = way === "worker" ? new AheadWet(taker, item, frame, from) : new ChunkWet(taker, trouble, item, frame)
  if (next?.offered) wet.follow(next)
}

/** Begins to make enhanced frames anew, so many seconds behind the frame `at` of the timeline, which is rendered next. */
function renew(at: number, after_s: number, pre_roll_s: number): void {
  const item = current as Item
  const { rate } = item.file
  const last = item.n_frames < 0 ? Infinity : Math.max(0, item.n_frames - 1)
  const frame = Math.min(last, Math.max(0, Math.round(at - item.start + after_s * rate)))
  const whole = hears_from(rate, frame, item.n_frames, pre_roll_s)
  const least = pre_roll_s < PRE_ROLL_S ? Math.max(0, frame - Math.round(pre_roll_s * rate)) : whole
  const from = Math.min(least, sent - item.start)
  makeWet(item, frame, from)
  move(item, wet?.hears ? from : sent - item.start)
  if (wet?.hears && whole < from) void settle(turn)
}

/** What was rendered in haste lies before a border: what comes behind it is rendered with all it must have heard. */
async function settle(hasty: number): Promise<void> {
  await sleep(1000 * HASTE_S)
  if (turn === hasty && way === "worker") await anew(LATER_S, PRE_ROLL_S)
}

/** What is not heard yet is made anew; resolves when the first of it is on its way. */
async function anew(after_s: number, pre_roll_s: number): Promise<void> {
  const mine = ++turn
  const was_finished = finished
  finished = false
  let told = await ask({ type: was_finished ? "unfollow" : "room", epoch })
  if (turn !== mine || !current) return
  if (before?.key === told.key) {
    // What follows is fed again, behind what is heard.
    told = await ask({ type: "unfollow", epoch })
    if (turn !== mine) return
    sent = told.fed
    if (next) release(current)
    else {
      next = current
      move(next, 0)
    }
    next.offered = false
    current = before
    before = null
  }
  renew(told.at, after_s, pre_roll_s)
  const first = new Promise<void>((resolve) => (begun = resolve))
  void feed(mine, told.room)
  if (wet) await first
}

/** From now on enhanced frames are made elsewhere; nothing is lost, and nothing else is heard. */
async function goBy(wanted: Way | null): Promise<void> {
  choosing = wanted === null
  if (wanted === null || way === here(wanted)) return
  way = here(wanted)
  if (!current) return
  if (way === "worklet") {
    stopWet()
    await ask({ type: "unrelay", epoch })
  } else {
    await ask({ type: "relay", epoch })
    await anew(LATER_S, PRE_ROLL_S)
  }
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

/** The loft's own chains are those of the Worker. */
const here = (wanted: Way): Way => (loft && wanted === "worker" ? "worklet" : wanted)

/** Before the first sound: how fast this device is says where it is made. */
function choose(item: Item, frame: number): void {
  move(item, frame)
  const planes = taker.buffer(CHUNK)
  const n = item.file.read(planes)
  if (n === CHUNK && item.numbers) way = here(best_way(calibrateWith(planes, item)))
  spare.push(planes)
}

/** How fast this device runs the chain, told once. */
function calibrateWith(planes: Float32Array, item: Item): number {
  calibrated = true
  const realtime = calibrate(planes, item.file.rate, item.numbers as Float32Array, () => performance.now())
  page({ type: "calibrated", realtime })
  is_slow = realtime < SLOW
  return realtime
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
      if (port) port.onmessage = (answer: MessageEvent<FromPlayer>) => onPlayer(answer.data)
      if (message.loft) loft = new Loft(message.loft.module, message.loft.rate, (made) => self.postMessage(made, { transfer: made.planes.map((plane) => plane.buffer) }))
      answers = []
      page({ type: "ready" })
      break
    case "play":
      tasteIs(message.taste)
      void play(message)
      break
    case "past":
      loft?.past(message.generation, message.n_frames)
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
    case "way":
      goBy(message.way).catch((error: unknown) => fail(current?.key ?? -1, error))
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
