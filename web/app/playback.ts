/**
 * What plays: the engine's state as signals, changed only by the actions here. What comes next is told to the
 * engine early, so that it can join the two without a gap.
 */
import { batch, effect, type ReadonlySignal, signal } from "@preact/signals";
import type { Engine, Mode, Phase, Stats, TrackRef } from "../audio/engine";
import type { Plan } from "../audio/types";
import * as api from "./api";
import type { Browse } from "./browse";
import { type Entry, entry } from "./entry";
import { type Details, details } from "./details";
import type { Library } from "./library";
import type { Listing } from "./listing";
import type { Queue } from "./queue";
import type { Scope } from "./scope";
import type { Settings } from "./settings";
import { type Sound, sound } from "./sound";
import { sentence } from "./words";

export type { Mode, Plan };

/** Further than so many seconds into a track, "previous" begins it again. */
const RESTART_S = 3;
/** So many faulty tracks in a row are skipped; then the page stops and says so. */
const MOST_FAULTS = 5;
/** While it plays, the server is told where so often, in ms. */
const TELL_MS = 10_000;

/** What the engine tells of a faulty track. */
interface Fault {
  track_id: string;
  kind: string;
  message: string;
}

export interface Playback extends Sound {
  readonly track: ReadonlySignal<api.Track | null>;
  /** The place in the queue of what plays. */
  readonly item: ReadonlySignal<string | null>;
  /** Counts the tracks that were begun. */
  readonly turn: ReadonlySignal<number>;
  readonly phase: ReadonlySignal<Phase>;
  /** What the engine tells, but for the two that move with the sound. */
  readonly stats: ReadonlySignal<Stats>;
  readonly position_frames: ReadonlySignal<number>;
  readonly reduction_db: ReadonlySignal<number>;
  readonly plan: ReadonlySignal<Plan | null>;
  readonly details: ReadonlySignal<Details>;
  /** What went wrong with a track, in words; null once read. */
  readonly fault: ReadonlySignal<string | null>;
  /** Plays a row of a list, which becomes the queue. */
  play_row(listing: Listing<Entry>, row: number): Promise<void>;
  /** Plays a list in any order. */
  shuffle(listing: Listing<Entry>): Promise<void>;
  /** Plays a track alone. */
  play_only(track: api.Track): Promise<void>;
  /** Plays what stands in the queue. */
  play_item(item: Entry): Promise<void>;
  /** Plays a track: of the list on screen, or else next in the queue. */
  play_id(id: string): Promise<void>;
  toggle(): Promise<void>;
  pause(): Promise<void>;
  next(): Promise<void>;
  previous(): Promise<void>;
  seek(frame: number): Promise<void>;
  seek_by(seconds: number): Promise<void>;
  forget_fault(): void;
}

/** Frames of a track: counted if it is measured, else what its header promised. */
export const n_frames = (track: api.Track): number => track.n_frames ?? Math.round(track.duration_s * track.sample_rate);

export function playback(engine: Engine, library: Library, browse: Browse, queue: Queue, kept: Settings, scope: Scope): Playback {
  const track = signal<api.Track | null>(null);
  const item = signal<string | null>(null);
  const turn = signal(0);
  const phase = signal<Phase>(engine.phase);
  const stats = signal<Stats>(engine.stats());
  const position_frames = signal(0);
  const reduction_db = signal(0);
  const plan = signal<Plan | null>(null);
  const fault = signal<string | null>(null);
  const known = details();
  const voice = sound(engine, kept, look);

  let deck: Entry | null = null;
  /** Where the track on the deck begins when it is played: the engine does not have it yet. */
  let waits_at: number | null = null;
  /** All that the engine was told to follow with, and the last of it. */
  let told: Entry[] = [];
  let foretold: string | null = null;
  let n_faults = 0;
  let of_track = scope.child();

  /** The list of tracks on screen, if it is one. */
  function on_screen(): Listing<Entry> | null {
    const screen = browse.screen.peek();
    return screen.kind === "tracks" ? screen.listing : null;
  }

  // ── the track that plays ──

  async function play(next: Entry, frame = 0): Promise<void> {
    waits_at = null;
    show(next);
    tell_place();
    await engine.play(reference(next.track), frame);
    void tell_next();
  }

  /** Plays what is not in the queue yet, at once; `queueing` gives its place there when it has one. */
  async function play_while(next: Entry, queueing: Promise<Entry | null>): Promise<void> {
    const begun = play({ ...next, item: null });
    const mine = turn.peek();
    const placed = await queueing.catch((problem: unknown) => {
      if (!scope.ended) fault.value = `What follows is not known: ${sentence(problem instanceof Error ? problem.message : "")}`;
      return null;
    });
    if (turn.peek() === mine && placed?.track.id === next.track.id) {
      deck = placed;
      item.value = placed.item;
      void tell_next();
    }
    await begun;
  }

  /** Puts a track on the deck, by a click or because the engine went on to it. */
  function show(next: Entry): void {
    of_track.end();
    of_track = scope.child();
    const same = deck?.track.id === next.track.id;
    deck = next;
    told = [];
    foretold = null;
    voice.turn_to(next.track);
    batch(() => {
      track.value = next.track;
      item.value = next.item;
      turn.value += 1;
      plan.value = same ? engine.plan() : null;
      if (!same) known.forget();
      position_frames.value = waits_at ?? 0;
    });
    known.bring(next.track.id, of_track);
  }

  async function tell_next(): Promise<void> {
    const mine = turn.peek();
    const found = deck?.item == null ? null : await queue.step(deck, 1, true).catch(() => null);
    if (turn.peek() !== mine || waits_at !== null || scope.ended) return;
    const next = found && found.track.state !== "failed" ? found : null;
    if (next?.item === foretold) return;
    foretold = next?.item ?? null;
    if (next) told.push(next);
    voice.foretell(next?.track ?? null);
    engine.setNext(next ? reference(next.track) : null);
  }

  /** Plays what follows or goes before, past what is known to be faulty; false if there is nothing. */
  async function step(by: 1 | -1, unasked = false): Promise<boolean> {
    const mine = turn.peek();
    const next = deck ? await queue.step(deck, by, unasked) : null;
    if (!next || turn.peek() !== mine) return false;
    await play(next);
    return true;
  }

  function fail(faulty: api.Track, message: string): void {
    fault.value = `${faulty.title} cannot be played: ${sentence(message)}`;
    n_faults += 1;
    if (n_faults < MOST_FAULTS) void step(1);
  }

  // ── the queue, on every page ──

  const runs = () => engine.phase === "playing" || engine.phase === "loading";

  function tell_place(leaving = false): void {
    if (deck?.item != null && waits_at === null) queue.tell(deck, engine.stats().position_frames / deck.track.sample_rate, leaving);
  }

  /** A page that plays goes its own way; one that is still shows what plays elsewhere, or was left. */
  async function follow_queue(): Promise<void> {
    if (runs()) return tell_next();
    const now = await queue.current();
    if (!now || runs() || (now.item === deck?.item && waits_at === null)) return;
    waits_at = Math.min(Math.round(queue.state.peek().position_s * now.track.sample_rate), n_frames(now.track));
    if (now.item === deck?.item) position_frames.value = waits_at;
    else show(now);
  }

  scope.own(queue.on_change(() => void follow_queue()));
  scope.interval(TELL_MS, () => {
    if (engine.phase === "playing") tell_place();
  });
  scope.listen(window, "pagehide", () => tell_place(true));

  // ── what the engine says ──

  /** Takes the engine's state over; views hear of it only where it changed. */
  function look(): Stats {
    const now = engine.stats();
    batch(() => {
      position_frames.value = waits_at ?? now.position_frames;
      reduction_db.value = now.gain_reduction_db;
      if (!same(stats.peek(), now)) stats.value = now;
    });
    return now;
  }

  /** The engine went on to what it was told to follow with. */
  function hear_follow(): void {
    const id = look().track_id;
    const next = told.findLast((one) => one.track.id === id);
    if (!next) return;
    show(next);
    tell_place();
    void tell_next();
  }

  function hear_phase(): void {
    phase.value = engine.phase;
    const now = look();
    if (engine.phase === "playing") n_faults = 0;
    if (engine.phase === "ended" && now.track_id === deck?.track.id) void step(1, true);
  }

  scope.own(
    effect(() => {
      const made = kept.made.value;
      engine.pin(made === "auto" ? null : made);
    }),
  );
  scope.own(engine.on("phase", hear_phase));
  scope.own(engine.on("track", look));
  scope.own(engine.on("follow", hear_follow));
  scope.own(
    engine.on("plan", () => {
      if (waits_at === null) plan.value = engine.plan();
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
      const said = detail as Partial<Fault> | undefined;
      if (!deck || said?.track_id !== deck.track.id) return;
      if (said.kind === "device") fault.value = sentence(said.message ?? "");
      else fail(deck.track, said.message ?? "");
    }),
  );
  scope.own(library.hear("trimmed", ({ track_id }) => engine.refresh(track_id)));
  for (const event of ["measured", "failed", "changed"] as const) {
    scope.own(library.hear(event, ({ track_id }) => look_again(track_id, event !== "changed")));
  }
  // What is remembered of an album is remembered of its tracks.
  scope.own(library.hear("library", () => deck && look_again(deck.track.id, false)));

  /** Something is known now of a track that was not before. */
  function look_again(id: string, is_measured: boolean): void {
    if (deck?.track.id !== id) return;
    api.track(id, of_track.signal).then(
      (now) => {
        if (deck?.track.id !== id) return;
        deck = { ...deck, track: now };
        const retold = JSON.stringify(track.peek()?.taste) !== JSON.stringify(now.taste);
        track.value = now;
        if (retold) voice.turn_to(now);
      },
      () => {},
    );
    if (is_measured) {
      known.bring(id, of_track);
      // Now it is known what sounds like it.
      void tell_next();
    }
  }

  return {
    ...voice,
    track,
    item,
    turn,
    phase,
    stats,
    position_frames,
    reduction_db,
    plan,
    details: known.details,
    fault,
    async play_row(listing, row) {
      const next = await listing.at(row);
      if (next) await play_while(next, queue.replace(listing, row));
    },
    async shuffle(listing) {
      const row = Math.floor(Math.random() * listing.total.peek());
      const next = await listing.at(row);
      if (next) await play_while(next, queue.replace(listing, row, true));
    },
    play_only: (next) => play_while(entry(next), queue.only(next)),
    play_item: (next) => play(next),
    async play_id(id) {
      const listing = on_screen();
      const row = listing?.index_of(({ track }) => track.id === id) ?? -1;
      const next = await api.track(id, scope.signal).catch((problem: unknown) => {
        if (problem instanceof api.Problem) fault.value = `It cannot be played: ${sentence(problem.message)}`;
        throw problem;
      });
      await play_while(entry(next), listing && row >= 0 ? queue.replace(listing, row) : queue.add([id], deck));
    },
    async toggle() {
      if (runs()) await this.pause();
      else if (waits_at !== null && deck) await play(deck, waits_at);
      else if (engine.phase === "paused") await engine.resume();
      else if (deck) await play(deck);
      else {
        const listing = on_screen();
        if (listing) await this.play_row(listing, 0);
      }
    },
    async pause() {
      await engine.pause();
      tell_place();
    },
    async next() {
      await step(1);
    },
    async previous() {
      const late = deck && engine.stats().position_frames > RESTART_S * deck.track.sample_rate;
      if (late || !(await step(-1))) await this.seek(0);
    },
    async seek(frame) {
      if (!deck) return;
      const to = Math.round(Math.min(Math.max(0, frame), n_frames(deck.track)));
      if (waits_at !== null) waits_at = to;
      else await engine.seek(to);
      look();
      if (!runs()) tell_place();
    },
    async seek_by(seconds) {
      if (deck) await this.seek((waits_at ?? engine.stats().position_frames) + seconds * deck.track.sample_rate);
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
