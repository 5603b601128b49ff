/** How it shall sound: what the listener wishes, and what is remembered of single tracks. */
import { type ReadonlySignal, signal } from "@preact/signals";
import type { Engine, Mode } from "../audio/engine";
import type * as api from "./api";
import { latest } from "./latest";
import { PRESETS, type Preset, type Settings, TARGET } from "./settings";

export interface Sound {
  /** The mode that is set; while comparing, `heard` is another. */
  readonly mode: ReadonlySignal<Mode>;
  readonly heard: ReadonlySignal<Mode>;
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
}

/** The same, with what only playback does: telling which tracks play, and which comes next. */
export interface SoundOfTracks extends Sound {
  turn_to(track: api.Track): void;
  foretell(next: api.Track | null): void;
}

export function sound(engine: Engine, kept: Settings, look: () => void): SoundOfTracks {
  const mode = signal<Mode>("enhanced");
  const heard = signal<Mode>("enhanced");
  /** What the listener set, where a track has no mode of its own. */
  let usual: Mode = "enhanced";
  let playing: api.Track | null = null;
  let upcoming: api.Track | null = null;
  let before_mute = 1;

  const tell_taste = latest(() =>
    engine.setTaste({
      preset: kept.preset.peek(),
      intensity: kept.intensity.peek(),
      target_lufs: kept.target_lufs.peek(),
      album: kept.album.peek(),
      reference: kept.reference.peek(),
      always: Object.fromEntries([playing, upcoming].flatMap((track) => (track?.taste ? [[track.id, own_taste(track.taste)]] : []))),
    }),
  );
  engine.setVolume(kept.volume.peek());
  void tell_taste();

  async function hear_mode(wanted: Mode): Promise<void> {
    heard.value = wanted;
    await engine.setMode(wanted);
    look();
  }

  const clamped = (x: number, low: number, high: number) => Math.min(high, Math.max(low, x));

  return {
    mode,
    heard,
    turn_to(track) {
      const retold = track.taste !== null || playing?.taste != null;
      playing = track;
      if (retold) void tell_taste();
      const always = track.taste?.enhanced;
      const wanted = always === undefined ? usual : always ? "enhanced" : "original";
      if (wanted === mode.peek()) return;
      mode.value = wanted;
      void hear_mode(wanted);
    },
    foretell(next) {
      const retold = next?.taste != null;
      upcoming = next;
      if (retold) void tell_taste();
    },
    async set_mode(wanted) {
      mode.value = wanted;
      if (playing?.taste?.enhanced === undefined) usual = wanted;
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
      kept.intensity.value = clamped(x, 0, 1);
      await tell_taste();
    },
    async set_target(lufs) {
      kept.target_lufs.value = clamped(lufs, TARGET.quietest, TARGET.loudest);
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
      kept.volume.value = clamped(x, 0, 1);
      engine.setVolume(kept.volume.peek());
    },
    mute() {
      const now = kept.volume.peek();
      if (now > 0) before_mute = now;
      this.set_volume(now > 0 ? 0 : before_mute);
    },
  };
}

/** What of a remembered taste goes into plans. */
function own_taste({ preset, intensity, target_lufs }: api.Always) {
  const known = PRESETS.find((one) => one === preset);
  return {
    ...(known === undefined ? {} : { preset: known }),
    ...(intensity === undefined ? {} : { intensity }),
    ...(target_lufs === undefined ? {} : { target_lufs }),
  };
}
