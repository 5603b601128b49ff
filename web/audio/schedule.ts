/**
 * Sound without a worklet: frames in buffers that begin on whole frames of the device, one behind the other. The
 * enhanced and the original lie side by side behind a gain each, so that a switch takes no new frames. Whoever has
 * frames may feed it.
 */

/** A stretch of sound, of enhanced frames and, if there are any, those of the original. */
interface Run {
  /** The frame of the device's time at which it begins. */
  at: number
  n: number
  /** Of its first frames so many came too late. */
  n_late: number
  buffers: (AudioBuffer | null)[]
  sources: AudioBufferSourceNode[]
}

/** A gain that moves in straight lines, and what it was told. */
class Slide {
  readonly node: GainNode
  readonly moves: { at: number; from: number; to: number; n: number }[] = []

  constructor(private readonly context: BaseAudioContext, value: number) {
    this.node = context.createGain()
    this.node.gain.value = value
    this.moves.push({ at: 0, from: value, to: value, n: 0 })
  }

  /** Its value at a frame. */
  value(at: number): number {
    const move = this.moves.findLast((one) => one.at <= at) ?? this.moves[0]
    if (!move || at >= move.at + move.n) return move?.to ?? 1
    return move.from + ((move.to - move.from) * (at - move.at)) / move.n
  }

  /** To a value over `n` frames from the frame `at` on; what it was told for later is forgotten. */
  to(value: number, at: number, n: number): void {
    const from = this.value(at)
    while ((this.moves.at(-1)?.at ?? -1) > at) this.moves.pop()
    this.moves.push({ at, from, to: value, n })
    this.tell({ at, from, to: value, n }, 0)
  }

  /** The same moves on a node of another context, whose time begins at frame `zero`. */
  again(context: BaseAudioContext, zero: number): GainNode {
    const copy = new Slide(context, this.value(zero))
    for (const move of this.moves) if (move.at + move.n > zero) copy.tell(move, zero)
    return copy.node
  }

  private tell({ at, from, to, n }: { at: number; from: number; to: number; n: number }, zero: number): void {
    const { gain } = this.node
    const time = (frame: number) => (frame - zero) / this.context.sampleRate
    if (at >= zero) {
      gain.cancelScheduledValues(time(at))
      gain.setValueAtTime(from, time(at))
    }
    if (n > 0) gain.linearRampToValueAtTime(to, time(at + n))
    else gain.setValueAtTime(to, Math.max(0, time(at)))
  }
}

/** Frames that are heard in place of those before. */
class Line {
  readonly runs: Run[] = []
  begun = false
  readonly whole: Slide
  readonly mix: [Slide, Slide]

  constructor(context: BaseAudioContext, out: AudioNode, public end: number, fade: number, mix: [number, number]) {
    this.whole = new Slide(context, fade > 0 ? 0 : 1)
    if (fade > 0) this.whole.to(1, end, fade)
    this.mix = [new Slide(context, mix[0]), new Slide(context, mix[1])]
    for (const { node } of this.mix) node.connect(this.whole.node)
    this.whole.node.connect(out)
  }
}

/** Frames that may be on their way already. */
const QUANTUM = 256

export class Schedule {
  private lines: Line[] = []
  private readonly master: Slide
  private mix: [number, number] = [1, 0]
  /** Runs are kept so long after they are past, while a recording goes on. */
  private keep_from = Infinity
  /** How often what was to be heard was not there. */
  n_gaps = 0

  constructor(private readonly context: AudioContext) {
    this.master = new Slide(context, 1)
    this.master.node.connect(context.destination)
  }

  /** The frame of the device's time that is rendered next. */
  now(): number {
    return Math.ceil(this.context.currentTime * this.context.sampleRate)
  }

  /** Begins a line at a frame, into which what is heard fades over so many frames. */
  open(at: number, fade: number): void {
    const heard = this.lines.some((line) => line.end > at)
    for (const line of this.lines) this.close(line, at, fade)
    this.lines.push(new Line(this.context, this.master.node, at, heard ? fade : 0, this.mix))
    this.forget()
  }

  /** Where the next frames would begin. */
  end(): number {
    return this.lines.at(-1)?.end ?? 0
  }

  /**
   * Frames behind those that were fed: planes of the enhanced, then of the original or none. Returns where they
   * begin. A line keeps the time at which it was opened: what comes too late for that is left out. Later, what was
   * not there in time is a gap, and no frame is lost.
   */
  feed(planes: Float32Array[]): number {
    const line = this.lines.at(-1)
    const n = planes[0]?.length ?? 0
    if (!line || n === 0) return this.end()
    const n_late = Math.max(0, this.now() + QUANTUM - line.end)
    if (n_late > 0 && line.begun) {
      this.n_gaps += 1
      line.end += n_late
    }
    const buffers = [planes.slice(0, 2), planes.slice(2, 4)].map((pair) => (pair.length === 2 ? this.buffer(pair) : null))
    const run: Run = { at: line.end, n, n_late: line.begun ? 0 : n_late, buffers, sources: [] }
    line.end += n
    if (run.n_late < n) {
      line.begun = true
      line.runs.push(run)
      run.sources = this.start(run, line.mix.map(({ node }) => node), this.context, 0)
    }
    this.forget()
    return run.at
  }

  /** How much of the enhanced and of the original is heard, over `n` frames from the frame `at` on. */
  blend(wet: number, dry: number, n: number, at = this.now()): void {
    this.mix = [wet, dry]
    for (const { mix } of this.lines) {
      mix[0].to(wet, at, n)
      mix[1].to(dry, at, n)
    }
  }

  /** How loud all of it is. */
  level(x: number, n: number): void {
    this.master.to(x, this.now(), n)
  }

  /** Silence, over so many frames. */
  stop(fade: number): void {
    const at = this.now()
    for (const line of this.lines) this.close(line, at, fade)
  }

  /** What was scheduled for the next `n` frames, rendered once more by the browser: the same buffers at the same frames; `what` says what is there first. */
  async record<T>(n: number, what: (at: number) => T): Promise<{ at: T; planes: Float32Array[] }> {
    const at = this.now()
    const begins = what(at)
    this.keep_from = Math.min(this.keep_from, at)
    while (this.now() < at + n) await new Promise((resolve) => setTimeout(resolve, 50))
    this.keep_from = Infinity
    const offline = new OfflineAudioContext(2, n, this.context.sampleRate)
    const master = this.master.again(offline, at)
    master.connect(offline.destination)
    for (const line of this.lines) {
      const whole = line.whole.again(offline, at)
      whole.connect(master)
      const mix = line.mix.map((slide) => slide.again(offline, at))
      for (const node of mix) node.connect(whole)
      for (const run of line.runs) if (run.at + run.n > at) this.start(run, mix, offline, at)
    }
    const made = await offline.startRendering()
    return { at: begins, planes: [made.getChannelData(0), made.getChannelData(1)] }
  }

  private buffer(planes: Float32Array[]): AudioBuffer {
    const buffer = this.context.createBuffer(2, (planes[0] as Float32Array).length, this.context.sampleRate)
    planes.forEach((plane, channel) => buffer.copyToChannel(plane as Float32Array<ArrayBuffer>, channel))
    return buffer
  }

  /** Starts the sources of a run in a context whose time begins at frame `zero`. */
  private start(run: Run, mix: GainNode[], context: BaseAudioContext, zero: number): AudioBufferSourceNode[] {
    const { sampleRate } = context
    const n_late = Math.max(run.n_late, zero - run.at)
    return run.buffers.flatMap((buffer, i) => {
      if (!buffer) return []
      const source = context.createBufferSource()
      source.buffer = buffer
      source.connect(mix[i] as GainNode)
      source.start((run.at + n_late - zero) / sampleRate, n_late / sampleRate)
      return [source]
    })
  }

  /** A line is heard no more from a frame on, when it has faded. */
  private close(line: Line, at: number, fade: number): void {
    if (line.end <= at) return
    line.whole.to(0, at, fade)
    for (const run of line.runs) for (const source of run.sources) source.stop((at + fade) / this.context.sampleRate)
    line.end = at + fade
  }

  /** Lets go of what is past. */
  private forget(): void {
    const past = Math.min(this.now(), this.keep_from)
    for (const line of this.lines) {
      while (line.runs[0] && line.runs[0].at + line.runs[0].n < past) line.runs.shift()
    }
    const [last] = this.lines.slice(-1)
    this.lines = this.lines.filter((line) => {
      if (line === last || line.end >= past) return true
      line.whole.node.disconnect()
      return false
    })
  }
}
