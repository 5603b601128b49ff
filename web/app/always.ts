/** How a track or its album shall always sound: remembered by the server, and applied when such a track plays. */
import { type ReadonlySignal, signal } from "@preact/signals";
import * as api from "./api";
import type { Playback } from "./playback";
import type { Scope } from "./scope";
import type { Settings } from "./settings";
import { sentence } from "./words";

export interface AlwaysSo {
  readonly fault: ReadonlySignal<string | null>;
  /** Remembers the original, or what is wished now, of the playing track or of its album. */
  remember(what: "original" | "this", of: "track" | "album"): Promise<void>;
  /** Forgets what is remembered of the playing track, else of its album. */
  forget(): Promise<void>;
}

export function always(playback: Playback, kept: Settings, scope: Scope): AlwaysSo {
  const fault = signal<string | null>(null);

  async function change(work: (track: api.Track) => Promise<unknown>): Promise<void> {
    const track = playback.track.peek();
    if (!track) return;
    try {
      await work(track);
      fault.value = null;
    } catch (problem) {
      if (problem instanceof api.Problem) fault.value = `It could not be remembered: ${sentence(problem.message)}`;
    }
  }

  return {
    fault,
    remember: (what, of) =>
      change((track) => {
        const id = of === "album" ? track.album_id : track.id;
        if (id === null) return Promise.resolve();
        const { preset, intensity, target_lufs } = kept;
        const so: api.Always =
          what === "original"
            ? { enhanced: false }
            : { enhanced: true, preset: preset.peek(), intensity: intensity.peek(), target_lufs: target_lufs.peek() };
        return api.set_always({ of, id }, so, scope.signal);
      }),
    forget: () =>
      change(async (track) => {
        await api.set_always({ of: "track", id: track.id }, null, scope.signal);
        const { taste } = await api.track(track.id, scope.signal);
        // What stays is its album's.
        if (taste !== null && track.album_id !== null && JSON.stringify(taste) === JSON.stringify(track.taste)) {
          await api.set_always({ of: "album", id: track.album_id }, null, scope.signal);
        }
      }),
  };
}
