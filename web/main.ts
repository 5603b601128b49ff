/** The page's beginning: one engine, one app, one tree of views, and `window.auralis`. */
import { h, render } from "preact";
import { Engine } from "./audio/engine";
import { Scope } from "./app/scope";
import { type Made, PRESETS, TARGET } from "./app/settings";
import { state } from "./app/state";
import { AppProvider } from "./view/hooks";
import { Page } from "./view/page";

const engine = new Engine();
const app = state(engine, new Scope());

/** The engine for people with a console, and for tests; each promise resolves when the first such frame is rendered. */
const facade = {
  stats: () => engine.stats(),
  play: (id: string) => app.playback.play_id(id),
  pause: () => app.playback.pause(),
  seek: (frames: number) => app.playback.seek(frames),
  setEnhanced: (on: boolean) => app.playback.set_mode(on ? "enhanced" : "original"),
  setPreset: async (name: string) => {
    const preset = PRESETS.find((one) => one === name);
    if (!preset) throw new RangeError(`there is no preset "${name}": ${PRESETS.join(", ")}`);
    await app.playback.set_preset(preset);
  },
  setIntensity: async (x: number) => {
    if (!(x >= 0 && x <= 1)) throw new RangeError(`intensity is ${x}, it must lie in 0 … 1`);
    await app.playback.set_intensity(x);
  },
  setTarget: async (lufs: number) => {
    const { quietest, loudest } = TARGET;
    if (!(lufs >= quietest && lufs <= loudest)) throw new RangeError(`target is ${lufs}, it must lie in ${quietest} … ${loudest}`);
    await app.playback.set_target(lufs);
  },
  setAlbum: (on: boolean) => app.playback.set_album(on),
  setReference: (id: string | null) => app.reference.choose_id(id),
  /** Where the sound is made; "auto": wherever is best. */
  setMade: (where: Made) => {
    app.settings.made.value = where;
  },
  tap: (n_frames: number) => engine.tap(n_frames),
};

declare global {
  interface Window {
    auralis: typeof facade;
  }
}
window.auralis = facade;

const root = document.getElementById("page");
if (root) render(h(AppProvider, { value: app }, h(Page, null)), root);
