/** The track that all others shall sound like, and the search for one. */
import { batch, type ReadonlySignal, signal } from "@preact/signals";
import * as api from "./api";
import type { Library } from "./library";
import type { Playback } from "./playback";
import type { Scope } from "./scope";
import type { Settings } from "./settings";

/** Tracks that a search shows; more are found by more words. */
const SHOWN = 100;
/** Pause before a keystroke asks the server, in ms, as in the search. */
const TYPING_MS = 90;

export interface Reference {
  /** The chosen track; null: none, or not looked up yet. */
  readonly track: ReadonlySignal<api.Track | null>;
  readonly words: ReadonlySignal<string>;
  /** The first tracks that have those words; null until they are there. */
  readonly found: ReadonlySignal<api.List<api.Track> | null>;
  /** Why the search failed, in words. */
  readonly fault: ReadonlySignal<string | null>;
  search(words: string): void;
  choose(track: api.Track | null): Promise<void>;
  /** As `choose`, by id; fails if there is no such track. */
  choose_id(id: string | null): Promise<void>;
}

export function reference(library: Library, playback: Playback, kept: Settings, scope: Scope): Reference {
  const track = signal<api.Track | null>(null);
  const words = signal("");
  const found = signal<api.List<api.Track> | null>(null);
  const fault = signal<string | null>(null);
  let cancel_typing = () => {};

  async function choose(chosen: api.Track | null): Promise<void> {
    track.value = chosen;
    await playback.set_reference(chosen?.id ?? null);
  }

  /** Looks the chosen track up; one that has left the library is chosen no more. */
  async function look_up(): Promise<void> {
    const id = kept.reference.peek();
    if (id === null) return;
    try {
      const now = await api.track(id, scope.signal);
      if (kept.reference.peek() === id) track.value = now;
    } catch (problem) {
      const gone = problem instanceof api.Problem && problem.next === "missing";
      if (gone && kept.reference.peek() === id) await choose(null);
    }
  }

  async function ask(): Promise<void> {
    const q = words.peek();
    try {
      const list = await api.tracks({ q: q.trim() }, 0, SHOWN, scope.signal);
      if (words.peek() !== q) return;
      batch(() => {
        found.value = list;
        fault.value = null;
      });
    } catch (problem) {
      if (!scope.ended && problem instanceof api.Problem) fault.value = problem.message;
    }
  }

  void look_up();
  scope.own(library.hear("library", () => void look_up()));
  scope.own(library.hear("measured", ({ track_id }) => void (track_id === kept.reference.peek() && look_up())));

  return {
    track,
    words,
    found,
    fault,
    search(text) {
      words.value = text;
      cancel_typing();
      cancel_typing = scope.timeout(found.peek() === null ? 0 : TYPING_MS, () => void ask());
    },
    choose,
    async choose_id(id) {
      await choose(id === null ? null : await api.track(id, scope.signal));
    },
  };
}
