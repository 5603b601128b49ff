/**
 * Enhanced frames made by the server, for a device too slow for the chains: chunk after chunk, as floats, so that
 * what is heard is to the bit what the chains would have given. Of a WAV any part can be asked for, so that they
 * begin anywhere. Over HTTP chunk 0 of a track has heard silence before it, never the track before: see law L2.
 */
import { chunk_at } from "../gen/analyst.js"
import { RUN, type Item, type Taker, type Wet } from "./wet.js"

/** Bytes before the first frame of such a file, and of each frame. */
const HEADER = 58
const FRAME = 8
/** So many seconds are asked for beyond what the worklet has of the original. */
const AHEAD_S = 10
/** How often it is looked whether more is wanted, in ms. */
const LOOK_MS = 50
/** After a failure it is tried again in so many ms, unless the server says when. */
const RETRY_MS = 1000

const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms))

export class ChunkWet implements Wet {
  readonly hears = false
  /** What is played, and what follows it. */
  private line: Item[]
  /** Frames that came and were not handed over. */
  private ready: { frame: number; planes: Float32Array; n: number }[] = []
  /** The next frame of the timeline to come. */
  private next: number
  private stopped = new AbortController()
  private troubled = false

  constructor(
    private readonly taker: Taker,
    private readonly tell: (trouble: string | null) => void,
    item: Item,
    frame: number,
  ) {
    this.line = [item]
    this.next = item.start + frame
    void this.run(this.stopped.signal)
  }

  follow(item: Item): void {
    this.line.push(item)
  }

  unfollow(last: Item): void {
    this.line.length = Math.max(1, this.line.indexOf(last) + 1)
    const end = last.n_frames < 0 ? Infinity : last.start + last.n_frames
    if (this.next > end) this.restart(end)
  }

  /** What follows is asked for anew. */
  retune(item: Item): void {
    if (this.next > item.start) this.restart(item.start)
  }

  fed(): void {}
  end(): void {}

  flush(): void {
    const sent = this.taker.sent()
    while (this.ready[0] && this.ready[0].frame + this.ready[0].n <= sent) {
      const { frame, planes, n } = this.ready.shift() as { frame: number; planes: Float32Array; n: number }
      this.taker.wet(frame, planes, n)
    }
    const [first] = this.ready
    const n_more = first ? sent - first.frame : 0
    if (!first || n_more <= 0) return
    // Of a run only its beginning may be sent: the original's end lies within it.
    const planes = this.taker.buffer(RUN)
    const half = first.planes.length / 2
    for (const channel of [0, 1]) {
      planes.set(first.planes.subarray(channel * half, channel * half + n_more), channel * RUN)
      first.planes.copyWithin(channel * half, channel * half + n_more, channel * half + first.n)
    }
    first.frame += n_more
    first.n -= n_more
    this.taker.wet(first.frame - n_more, planes, n_more)
  }

  stop(): void {
    this.stopped.abort()
    if (this.troubled) this.tell(null)
  }

  /** Forgets what lies behind `frame` of the timeline, and asks for it again. */
  private restart(frame: number): void {
    this.stopped.abort()
    this.stopped = new AbortController()
    this.ready = this.ready.filter((run) => run.frame < frame)
    this.next = frame
    void this.run(this.stopped.signal)
  }

  private async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const item = this.line.findLast((one) => one.start <= this.next)
      const wanted = item && this.next < item.start + item.n_frames && item.numbers !== null
      if (!item || !wanted || this.next - this.taker.sent() > AHEAD_S * item.file.rate) {
        await sleep(LOOK_MS)
        continue
      }
      try {
        await this.fetch(item, signal)
        this.trouble(null)
      } catch (error) {
        if (signal.aborted) return
        const { message, wait_ms } = error as { message: string; wait_ms?: number }
        this.trouble(message)
        await sleep(wait_ms ?? RETRY_MS)
      }
    }
  }

  private trouble(said: string | null): void {
    if (said !== null || this.troubled) this.tell(said)
    this.troubled = said !== null
  }

  /** The chunk that comes next, or what is still to come of it. */
  private async fetch(item: Item, signal: AbortSignal): Promise<void> {
    const frame = this.next - item.start
    const [k, start, end] = chunk_at(item.file.rate, frame, item.n_frames) as unknown as [number, number, number]
    const words = new URLSearchParams({ plan: item.plan_id ?? "", format: "wavf32" })
    const path = `/api/tracks/${encodeURIComponent(item.track.id)}/chunks/${k}?${words}`
    const from = HEADER + FRAME * (frame - start)
    const response = await fetch(path, { signal, headers: { Range: `bytes=${from}-` } })
    if (response.status !== 206) throw await refusal(response)
    const total = Number(response.headers.get("Content-Range")?.split("/")[1])
    if (total !== HEADER + FRAME * (end - start)) throw { message: "a chunk of another length came" }
    const reader = (response.body as ReadableStream<Uint8Array>).getReader()
    const run = new Run()
    for (;;) {
      const { done, value } = await reader.read()
      if (signal.aborted) return
      if (value) for (const planes of run.take(value)) this.keep(planes, planes.length / 2)
      if (done) break
      this.flush()
    }
    const rest = run.rest()
    this.keep(rest, rest.length / 2)
    this.flush()
    if (this.next !== item.start + end) throw { message: "a chunk broke off" }
  }

  private keep(planes: Float32Array, n: number): void {
    if (n === 0) return
    this.ready.push({ frame: this.next, planes, n })
    this.next += n
  }
}

/** Bytes on their way to planes. */
class Run {
  private readonly bytes = new Uint8Array(FRAME * RUN)
  private n = 0

  /** All the whole runs that end within these bytes. */
  take(bytes: Uint8Array): Float32Array[] {
    const runs: Float32Array[] = []
    for (let at = 0; at < bytes.length; ) {
      const part = bytes.subarray(at, at + this.bytes.length - this.n)
      this.bytes.set(part, this.n)
      this.n += part.length
      at += part.length
      if (this.n === this.bytes.length) runs.push(this.rest())
    }
    return runs
  }

  /** What is there, as the left plane and then the right. */
  rest(): Float32Array {
    const n = Math.floor(this.n / FRAME)
    const planes = new Float32Array(2 * n)
    const view = new DataView(this.bytes.buffer)
    for (let i = 0; i < n; i++) {
      planes[i] = view.getFloat32(FRAME * i, true)
      planes[n + i] = view.getFloat32(FRAME * i + 4, true)
    }
    this.n = 0
    return planes
  }
}

/** Why no sound came, and when to ask again. */
async function refusal(response: Response): Promise<{ message: string; wait_ms?: number }> {
  const problem = (await response.json().catch(() => ({}))) as { detail?: string; title?: string }
  const message = problem.detail ?? problem.title ?? `the server answered ${response.status}`
  const seconds = Number(response.headers.get("Retry-After") ?? NaN)
  return seconds >= 0 ? { message, wait_ms: 1000 * seconds } : { message }
}
