/**
 * What plays, and what is done to it: the engine's state as signals, changed only by the actions here.
 * The queue is a listing and a row in it; the next row is told to the engine early, so that it can join
 * the two without a gap.
 */
import { batch, type ReadonlySignal, signal } from "@preact/signals";
import type { Engine, Mode, Phase, Stats, TrackRef } from "../audio/engine";
import type { Plan } from "../audio/types";
import * as api from "./api";
import type { Library } from "./library";
import type { Listing } from "./listing";
import type { Scope } from "./scope";
import { type Preset, type Settings, TARGET } from "./settings";
import { sentence } from "./words";

export type { Mode, Plan };

/** Further than so many seconds into a track, "previous" begins it again. */
const RESTART_S = 3;
/** So many faulty tracks in a row are skipped; then the page stops and says so. */
const MOST_FAULTS = 5;

/** What the engine tells of a faulty track. */
interface Fault {
  track_id: string;
  kind: string;
  message: string;
}

/** What is known of the playing track beyond its row. */
export interface Details {
  fingerprint: api.Fingerprint | null;
  waveform: api.Waveform | null;
}

export interface Playback {
  readonly track: ReadonlySignal<api.Track | null>;
  readonly phase: ReadonlySignal<Phase>;
  /** What the engine tells, but for the two that move with the sound. */
  readonly stats: ReadonlySignal<Stats>;
  readonly position_frames: ReadonlySignal<number>;
  readonly reduction_db: ReadonlySignal<number>;
  readonly plan: ReadonlySignal<Plan | null>;
  readonly details: ReadonlySignal<Details>;
  /** The mode that is set; while comparing, `heard` is another. */
  readonly mode: ReadonlySignal<Mode>;
  readonly heard: ReadonlySignal<Mode>;
  /** What went wrong with a track, in words; null once read. */
  readonly fault: ReadonlySignal<string | null>;
  play_row(listing: Listing, row: number): Promise<void>;
  play_id(id: string): Promise<void>;
  toggle(): Promise<void>;
  pause(): Promise<void>;
  next(): Promise<void>;
  previous(): Promise<void>;
  seek(frame: number): Promise<void>;
  seek_by(seconds: number): Promise<void>;
  set_mode(mode: Mode): Promise<void>;
  /** Holds (or lets go of) the compare key: the other of enhanced and original is heard. */
  compare(held: boolean): Promise<void>;
  set_preset(preset: Preset): Promise<void>;
  set_intensity(x: number): Promise<void>;
  set_target(lufs: number): Promise<void>;
  set_album(on: boolean): Promise<void>;
  /** The id of the track that all shall sound like; null: none. */
  set_reference(id: string | null): Promise<void>;
  set_volume(x: number): void;
  mute(): void;
  forget_fault(): void;
}

/** Frames of a track: counted if it is measured, else what its header promised. */
export const n_frames = (track: api.Track): number => track.n_frames ?? Math.round(track.duration_s * track.sample_rate);

export function playback(engine: Engine, library: Library, kept: Settings, scope: Scope): Playback {
  const track = signal<api.Track | null>(null);
  const phase = signal<Phase>(engine.phase);
  const stats = signal<Stats>(engine.stats());
  const position_frames = signal(0);
  const reduction_db = signal(0);
  const plan = signal<Plan | null>(null);
  const details = signal<Details>({ fingerprint: null, waveform: null });
  const mode = signal<Mode>("enhanced");
  const heard = signal<Mode>("enhanced");
  const fault = signal<string | null>(null);

  let queue: { listing: Listing; row: number } | null = null;
  let upcoming: api.Track | null = null;
  let n_faults = 0;
  let before_mute = 1;
  let of_track = scope.child();

  // ── the track that plays ──

  async function play(next: api.Track, at: typeof queue): Promise<void> {
    queue = at;
    show(next);
    await engine.play(reference(next));
  }

  /** Puts a track on the deck, by a click or because the engine went on to it. */
  function show(next: api.Track): void {
    of_track.end();
    of_track = scope.child();
    batch(() => {
      track.value = next;
      plan.value = engine.plan();
      details.value = { fingerprint: null, waveform: null };
    });
    fetch_details(next.id, of_track);
    void tell_next();
  }

  /** Brings in the overview and the fingerprint; asks again while the server measures. */
  function fetch_details(id: string, own: Scope): void {
    const bring = async <K extends keyof Details>(name: K, get: () => Promise<NonNullable<Details[K]>>) => {
      try {
        const got = await get();
        if (!own.ended) details.value = { ...details.peek(), [name]: got };
      } catch (problem) {
        if (own.ended || !(problem instanceof api.Problem)) return;
        if (problem.next === "wait") own.timeout(problem.retry_after_s * 1000, () => void bring(name, get));
      }
    };
    void bring("waveform", () => api.waveform(id, own.signal));
    void bring("fingerprint", () => api.fingerprint(id, own.signal));
  }

  async function tell_next(): Promise<void> {
    upcoming = null;
    const at = queue;
    const found = at ? await at.listing.at(at.row + 1).catch(() => null) : null;
    if (queue !== at || scope.ended) return;
    upcoming = found && found.state !== "failed" ? found : null;
    engine.setNext(upcoming ? reference(upcoming) : null);
  }

  /** Plays the row `step` away, past those known to be faulty; false if there is none. */
  async function step(by: 1 | -1): Promise<boolean> {
    const at = queue;
    if (!at) return false;
    for (let row = at.row + by; row >= 0; row += by) {
      const next = await at.listing.at(row);
      if (!next || queue !== at) return false;
      if (next.state !== "failed") {
        await play(next, { listing: at.listing, row });
        return true;
      }
    }
    return false;
  }

  function fail(faulty: api.Track, message: string): void {
    fault.value = `${faulty.title} cannot be played: ${sentence(message)}`;
    n_faults += 1;
    if (n_faults < MOST_FAULTS) void step(1);
  }

  // ── what the engine says ──

  /** Takes the engine's state over; views hear of it only where it changed. */
  function look(): Stats {
    const now = engine.stats();
    batch(() => {
      position_frames.value = now.position_frames;
      reduction_db.value = now.gain_reduction_db;
      if (!same(stats.peek(), now)) stats.value = now;
    });
    return now;
  }

  function hear_track(): void {
    const now = look();
    if (now.track_id === null || now.track_id === track.peek()?.id) return;
    if (upcoming?.id === now.track_id && queue) {
      queue = { listing: queue.listing, row: queue.row + 1 };
      show(upcoming);
    }
  }

  function hear_phase(): void {
    phase.value = engine.phase;
    const now = look();
    if (engine.phase === "playing") n_faults = 0;
    if (engine.phase === "ended" && now.track_id === track.peek()?.id) void step(1);
  }

  scope.own(engine.on("phase", hear_phase));
  scope.own(engine.on("track", hear_track));
  scope.own(
    engine.on("plan", () => {
      plan.value = engine.plan();
      look();
    }),
  );
  scope.own(
    engine.on("tick", () => {
      if (!document.hidden) look();
    }),
  );
  scope.own(
    engine.on("fault", (_, detail) => {
      const playing = track.peek();
      const said = detail as Partial<Fault> | undefined;
      if (!playing || said?.track_id !== playing.id) return;
      if (said.kind === "device") fault.value = sentence(said.message ?? "");
      else fail(playing, said.message ?? "");
    }),
  );
  scope.own(
    library.on_track((id) => {
      if (track.peek()?.id !== id) return;
      api.track(id, of_track.signal).then(
        (now) => (track.value = now),
        () => {},
      );
      fetch_details(id, of_track);
    }),
  );

  scope.own(library.on_trim((id) => engine.refresh(id)));

  // ── taste ──

  const tell_taste = latest(() =>
    engine.setTaste({
      preset: kept.preset.peek(),
      intensity: kept.intensity.peek(),
      target_lufs: kept.target_lufs.peek(),
      album: kept.album.peek(),
      reference: kept.reference.peek(),
    }),
  );
  engine.setVolume(kept.volume.peek());
  void tell_taste();

  async function hear_mode(wanted: Mode): Promise<void> {
    heard.value = wanted;
    await engine.setMode(wanted);
    look();
  }

  return {
    track,
    phase,
    stats,
    position_frames,
    reduction_db,
    plan,
    details,
    mode,
    heard,
    fault,
    async play_row(listing, row) {
      const next = await listing.at(row);
      if (next) await play(next, { listing, row });
    },
    async play_id(id) {
      const listing = library.listing.peek();
      const row = listing.index_of(id);
      const next = await api.track(id, scope.signal).catch((problem: unknown) => {
        if (problem instanceof api.Problem) fault.value = `It cannot be played: ${sentence(problem.message)}`;
        throw problem;
      });
      await play(next, row >= 0 ? { listing, row } : null);
    },
    async toggle() {
      const now = engine.phase;
      const on_deck = track.peek();
      if (now === "playing" || now === "loading") await engine.pause();
      else if (now === "paused") await engine.resume();
      else if (on_deck) await play(on_deck, queue);
      else await this.play_row(library.listing.peek(), 0);
    },
    pause: () => engine.pause(),
    async next() {
      await step(1);
    },
    async previous() {
      const on_deck = track.peek();
      const late = on_deck && engine.stats().position_frames > RESTART_S * on_deck.sample_rate;
      if (late || !(await step(-1))) await engine.seek(0);
    },
    async seek(frame) {
      const on_deck = track.peek();
      if (!on_deck) return;
      await engine.seek(Math.round(Math.min(Math.max(0, frame), n_frames(on_deck))));
      look();
    },
    async seek_by(seconds) {
      const on_deck = track.peek();
      if (on_deck) await this.seek(engine.stats().position_frames + seconds * on_deck.sample_rate);
    },
    async set_mode(wanted) {
      mode.value = wanted;
      await hear_mode(wanted);
    },
    async compare(held) {
      const set = mode.peek();
      const wanted: Mode = !held ? set : set === "enhanced" ? "original" : "enhanced";
      if (wanted !== heard.peek()) await hear_mode(wanted);
    },
    async set_preset(preset) {
      kept.preset.value = preset;
      await tell_taste();
    },
    async set_intensity(x) {
      kept.intensity.value = Math.min(1, Math.max(0, x));
      await tell_taste();
    },
    async set_target(lufs) {
      kept.target_lufs.value = Math.min(TARGET.loudest, Math.max(TARGET.quietest, lufs));
      await tell_taste();
    },
    async set_album(on) {
      kept.album.value = on;
      await tell_taste();
    },
    async set_reference(id) {
      kept.reference.value = id;
      await tell_taste();
    },
    set_volume(x) {
      kept.volume.value = Math.min(1, Math.max(0, x));
      engine.setVolume(kept.volume.peek());
    },
    mute() {
      const now = kept.volume.peek();
      if (now > 0) before_mute = now;
      this.set_volume(now > 0 ? 0 : before_mute);
    },
    forget_fault() {
      fault.value = null;
    },
  };
}

function reference(track: api.Track): TrackRef {
  const { id, title, sample_rate, n_frames, duration_s, measured } = track;
  return { id, title, sample_rate, n_frames, duration_s, measured };
}

/** Whether two tellings differ in nothing but what moves with the sound. */
function same(a: Stats, b: Stats): boolean {
  const still = ({ position_frames: _, gain_reduction_db: __, latency_ms: ___, ...rest }: Stats) => JSON.stringify(rest);
  return still(a) === still(b);
}

/** Runs `work` at once, or once more when the running one is done: only the latest wish counts. */
function latest(work: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | null = null;
  let again: Promise<void> | null = null;
  const run = (): Promise<void> => {
    if (!running) {
      running = work().finally(() => (running = null));
      return running;
    }
    again ??= running
      .catch(() => {})
      .then(() => {
        again = null;
        return run();
      });
    return again;
  };
  return run;
}
