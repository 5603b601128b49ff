/** Music by its sound: a radio that begins with a track, and the way from what plays to another. */
import { type ReadonlySignal, signal } from "@preact/signals";
import * as api from "./api";
import type { Playback } from "./playback";
import type { Queue } from "./queue";
import type { Scope } from "./scope";
import { sentence } from "./words";

/** Tracks on the way from one to another. */
const STEPS = 5;

export interface BySound {
  /** Plays a track, and then what sounds like it for as long as somebody listens. */
  radio(track: api.Track): Promise<void>;
  /** Whether there is a way from what plays to a track. */
  is_near(track: api.Track): boolean;
  /** Puts next what leads from what plays to a track, and that track; true once it is there. */
  lead_to(track: api.Track): Promise<boolean>;
  /** Why the last wish was not done, in words. */
  readonly fault: ReadonlySignal<string | null>;
  forget_fault(): void;
}

export function by_sound(playback: Playback, queue: Queue, scope: Scope): BySound {
  const fault = signal<string | null>(null);

  /** Does it, or says why not. */
  async function attempt(work: () => Promise<void>): Promise<boolean> {
    try {
      await work();
      return true;
    } catch (problem) {
      if (!scope.ended) fault.value = sentence(problem instanceof Error ? problem.message : "");
      return false;
    }
  }

  return {
    async radio(track) {
      await attempt(async () => {
        await Promise.all([queue.repeat("radio"), playback.play_only(track)]);
      });
    },
    is_near(track) {
      const now = playback.track.value;
      return now !== null && playback.item.value !== null && now.id !== track.id && now.measured && track.measured;
    },
    lead_to: (track) =>
      attempt(async () => {
        const [now, item] = [playback.track.peek(), playback.item.peek()];
        if (!now) return;
        const { items } = await api.path(now.id, track.id, STEPS, scope.signal);
        await queue.add([...items.map((step) => step.track.id), track.id], { track: now, item, at: null });
      }),
    fault,
    forget_fault() {
      fault.value = null;
    },
  };
}
