/** What passes between the page, the Worker and the worklet. */

/** What is heard. */
export type Mode = "enhanced" | "original" | "off"

/**
 * Where the enhanced frames of the page are made: by the chains in the worklet, by those in the Worker ahead of
 * their time, or by the server, a chunk at a time.
 */
export type Way = "worklet" | "worker" | "chunks"

/** Where the engine is. */
export type Phase = "idle" | "loading" | "playing" | "paused" | "ended" | "error"

/** A track, as far as the engine must know it. */
export interface TrackRef {
  id: string
  title: string
  sample_rate: number
  /** Counted frames; null until measured. */
  n_frames: number | null
  duration_s: number
  measured: boolean
}

/** What the listener asks for. */
export interface Taste {
  preset: string
  /** 0 to 1. */
  intensity: number
  /** LUFS, −23 to −11. */
  target_lufs: number
  /** One gain for all tracks of the track's album. */
  album: boolean
  /** Id of the track that it shall sound like. */
  reference: string | null
  /** What of single tracks, by their ids, is always otherwise. */
  always: Record<string, { preset?: string; intensity?: number; target_lufs?: number }>
}

/** One reason of a plan. */
export interface Reason {
  stage: string
  text: string
  measured: string
  wanted: string
  done: string
}

/** A band of the plan's equaliser. */
export interface Band {
  shape: "low_shelf" | "bell" | "high_shelf"
  hz: number
  gain_db: number
  q: number
}

/** The plan's stages, as far as the page reads them. */
export interface Stages {
  input_gain_db: number
  /** The slow gain: knots `hop_s` apart, in dB. */
  ride: { hop_s: number; gain_db: number[] }
  eq: Band[]
  output_gain_db: number
  limiter: { ceiling_dbtp: number }
}

/** The enhancement plan, as the core writes it. */
export interface Plan {
  version: number
  id: string
  summary: string
  promise: { lufs: number | null; lra_lu: number; true_peak_dbtp: number | null }
  /** What one rendering corrected of the promise, in LU. */
  trim_db: number
  /** The same of the loudness range, in LU. */
  trim_lra_lu: number
  compare: { original_db: number; enhanced_db: number }
  stages: Stages
  reasons: Reason[]
}

/** The fingerprint, as the core writes it: only what the page itself reads. */
export interface Fingerprint {
  version: number
  n_frames: number
  descriptors: Record<string, number | null>
  true_peak_dbtp: number | null
  lra_lu: number
  [more: string]: unknown
}

/** What the engine tells about itself. */
export interface Stats {
  mode: Way | "stream"
  enhanced: boolean
  compare: Mode
  track_id: string | null
  position_frames: number
  underruns: number
  /** × real time in the Worker and share of a quantum; null until calibrated. */
  load: { realtime: number; quantum: number } | null
  latency_ms: number
  /** Frames per second that the device plays; null on the stream. */
  device_rate: number | null
  plan_id: string | null
  gain_reduction_db: number
  lufs_in: number | null
  lufs_out: number | null
  measuring: boolean
  /** Why it plays the way it does, in words. */
  reason: string
  /** What degraded, in words. */
  notice: string | null
}

/** A fault of one track. */
export interface Fault {
  track_id: string
  kind: string
  message: string
}

/** Page → Worker. */
export type ToAnalyst =
  /** With the way to the worklet, or what stands in for it in the Worker. */
  | { type: "init"; module: WebAssembly.Module; port: MessagePort | null; loft: { module: WebAssembly.Module; rate: number } | null }
  /** What the loft makes of it bears the generation; in haste it is heard sooner, and to the bit later. */
  | { type: "play"; key: number; track: TrackRef; frame: number; taste: Taste; generation?: number; hasty?: boolean }
  /** So many frames of a generation are past. */
  | { type: "past"; generation: number; n_frames: number }
  | { type: "next"; key: number; track: TrackRef | null; taste: Taste }
  | { type: "taste"; taste: Taste }
  /** Plan this track again, if it is not heard yet. */
  | { type: "refresh"; track_id: string }
  /** Where enhanced frames are made from now on; null: where this device is fit to, once that is measured. */
  | { type: "way"; way: Way | null }
  /** Go on feeding the play `epoch`, in which the track `key` is heard. */
  | { type: "adopt"; epoch: number; key: number; track: TrackRef; taste: Taste }
  | { type: "stop" }

/** Frames that the loft made: planes of the enhanced, then of the original; none: that was all. */
export interface Made {
  type: "made"
  generation: number
  /** The track of the first of them, and its number there. */
  key: number
  frame: number
  /** Whether the server made the enhanced ones. */
  relayed: boolean
  planes: Float32Array[]
}

/** Worker → page. */
export type FromAnalyst =
  | Made
  | { type: "ready" }
  | { type: "planned"; key: number; plan: Plan; fingerprint: Fingerprint }
  | { type: "measuring"; key: number; frames: number }
  | { type: "rate"; key: number; rate: number }
  | { type: "followed"; key: number }
  | { type: "calibrated"; realtime: number }
  /** Why the server's chunks do not come; null: they do again. */
  | { type: "chunks"; trouble: string | null }
  | { type: "retuned" }
  | { type: "concealed"; key: number; packets: number }
  | { type: "fault"; key: number; kind: string; message: string }

/** Worker → worklet, over their own port. */
export type ToPlayer =
  | {
      type: "start"
      epoch: number
      key: number
      rate: number
      /** The plan's numbers; null: play as it is. */
      numbers: Float32Array | null
      n_frames: number
      frame: number
      fed_from: number
      /** Whether enhanced frames come from elsewhere, as "wet". */
      relayed: boolean
    }
  | { type: "relay"; epoch: number }
  | { type: "unrelay"; epoch: number }
  | { type: "follow"; epoch: number; key: number; numbers: Float32Array | null; start: number; n_frames: number }
  | { type: "unfollow"; epoch: number }
  | { type: "retune"; key: number; numbers: Float32Array; fade_s: number }
  | { type: "pcm"; epoch: number; planes: Float32Array; n: number }
  /** Enhanced frames of the timeline from `frame` on, in place of what is there of them. */
  | { type: "wet"; epoch: number; frame: number; planes: Float32Array; n: number }
  | { type: "end"; epoch: number }
  | { type: "room"; epoch: number }

/** Worklet → Worker. */
export interface FromPlayer {
  type: "room"
  epoch: number
  room: number
  /** The next frame of the timeline to be fed, and that to be rendered. */
  fed: number
  at: number
  /** The track rendered next, and where it starts. */
  key: number
  start: number
  /** What was asked, answered: false = refused. */
  done: boolean
  /** A PCM buffer to use again. */
  planes?: Float32Array | undefined
}

/** Page → worklet. */
export type ToProcessor =
  | { type: "analyst"; port: MessagePort }
  | { type: "listen"; what: number; over_s: number }
  /** To `x` of the amplitude. */
  | { type: "volume"; x: number; over_s: number }
  | { type: "pause" }
  | { type: "resume" }

/** Worklet → page. */
export type FromProcessor = { type: "ready" } | { type: "fault"; message: string }

/** What the worklet's engine is at, told in numbers. */
export interface EngineState {
  /** Messages of the page that it has followed. */
  obeyed: number
  /** The track that is heard, −1 for none, and the frame of it that comes next. */
  key: number
  position: number
  epoch: number
  /** Frames of sound since the last start. */
  rendered: number
  underruns: number
  clamped: number
  /** The deepest of the last tenth of a second. */
  reduction_db: number
  /** 0 or 1. */
  paused: number
  ended: number
  relayed: number
  /** The time in frames of the context at which this was so. */
  at: number
}
