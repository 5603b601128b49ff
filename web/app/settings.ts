/** What a listener chose and this browser remembers. */
import { effect, signal } from "@preact/signals";
import type { Scope } from "./scope";

export const PRESETS = ["adaptive", "gentle", "warm", "bright", "punchy", "live", "night"] as const;
export type Preset = (typeof PRESETS)[number];
/** Loudness that can be aimed at, in LUFS: the quietest, the loudest, and what is aimed at unasked. */
export const TARGET = { quietest: -23, loudest: -11, usual: -14 } as const;
export const THEMES = ["auto", "light", "dark"] as const;
export type Theme = (typeof THEMES)[number];

/** Where the sound may be made: wherever is best, in the worklet, ahead of time in the Worker, by the server. */
export const MADE = ["auto", "worklet", "worker", "chunks"] as const;
export type Made = (typeof MADE)[number];

interface Kept {
  theme: Theme;
  /** 0 to 1. */
  volume: number;
  preset: Preset;
  /** 0 to 1. */
  intensity: number;
  /** Loudness aimed at, in LUFS. */
  target_lufs: number;
  /** Whether all tracks of an album get one gain. */
  album: boolean;
  /** Id of the track that all shall sound like. */
  reference: string | null;
  made: Made;
  /** Whether the why panel is unfolded. */
  why: boolean;
  /** Whether single letters are shortcuts. */
  letters: boolean;
}

const DEFAULTS: Kept = {
  theme: "auto",
  volume: 1,
  preset: "adaptive",
  intensity: 1,
  target_lufs: TARGET.usual,
  album: false,
  reference: null,
  made: "auto",
  why: true,
  letters: true,
};
const KEY = "auralis.settings";

export type Settings = ReturnType<typeof settings>;

export function settings(scope: Scope) {
  const kept = read();
  const signals = {
    theme: signal(kept.theme),
    volume: signal(kept.volume),
    preset: signal(kept.preset),
    intensity: signal(kept.intensity),
    target_lufs: signal(kept.target_lufs),
    album: signal(kept.album),
    reference: signal(kept.reference),
    made: signal(kept.made),
    why: signal(kept.why),
    letters: signal(kept.letters),
  };
  scope.own(
    effect(() => {
      const now: Kept = {
        theme: signals.theme.value,
        volume: signals.volume.value,
        preset: signals.preset.value,
        intensity: signals.intensity.value,
        target_lufs: signals.target_lufs.value,
        album: signals.album.value,
        reference: signals.reference.value,
        made: signals.made.value,
        why: signals.why.value,
        letters: signals.letters.value,
      };
      document.documentElement.dataset["theme"] = now.theme;
      try {
        localStorage.setItem(KEY, JSON.stringify(now));
      } catch {
        // A browser that keeps nothing (private windows, full storage) plays all the same.
      }
    }),
  );
  return signals;
}

/** The kept settings; each that is missing or out of its range is the default. */
function read(): Kept {
  let said: Partial<Record<keyof Kept, unknown>> = {};
  try {
    const parsed: unknown = JSON.parse(localStorage.getItem(KEY) ?? "{}");
    if (typeof parsed === "object" && parsed !== null) said = parsed;
  } catch {
    // Unreadable settings are no settings.
  }
  const among = <T extends string>(all: readonly T[], x: unknown, or: T): T => all.find((one) => one === x) ?? or;
  const between = (low: number, high: number, x: unknown, or: number) => (typeof x === "number" && x >= low && x <= high ? x : or);
  const share = (x: unknown, or: number) => between(0, 1, x, or);
  const flag = (x: unknown, or: boolean) => (typeof x === "boolean" ? x : or);
  return {
    theme: among(THEMES, said.theme, DEFAULTS.theme),
    volume: share(said.volume, DEFAULTS.volume),
    preset: among(PRESETS, said.preset, DEFAULTS.preset),
    intensity: share(said.intensity, DEFAULTS.intensity),
    target_lufs: between(TARGET.quietest, TARGET.loudest, said.target_lufs, DEFAULTS.target_lufs),
    album: flag(said.album, DEFAULTS.album),
    reference: typeof said.reference === "string" && said.reference !== "" ? said.reference : null,
    made: among(MADE, said.made, DEFAULTS.made),
    why: flag(said.why, DEFAULTS.why),
    letters: flag(said.letters, DEFAULTS.letters),
  };
}
