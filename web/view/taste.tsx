/**
 * How it shall sound: preset and intensity at hand; loudness, album and the track to sound like behind one
 * button on a desk, below each other in a pocket.
 */
import { useSignal } from "@preact/signals";
import { useRef } from "preact/hooks";
import { PRESETS, type Preset, TARGET } from "../app/settings";
import { artists, figure, THIN } from "../app/words";
import { useApp, useHold } from "./hooks";
import { Close, Loud, Mute, Tune } from "./icons";
import { Cover, IconButton, Slider } from "./parts";

const percent = (x: number) => `${Math.round(x * 100)}${THIN}%`;
const lufs = (x: number) => `${figure(x)}${THIN}LUFS`;

export function DeskTaste() {
  return (
    <div class="taste">
      <PresetChoice />
      <Intensity />
      <More />
      <Volume />
    </div>
  );
}

export function PocketTaste() {
  return (
    <div class="taste pocket-taste">
      <PresetChoice />
      <Intensity />
      <Wishes />
    </div>
  );
}

function PresetChoice() {
  const { playback, settings } = useApp();
  return (
    <label class="preset">
      <span class="sr-only">Preset</span>
      <select value={settings.preset.value} onChange={(event) => void playback.set_preset(event.currentTarget.value as Preset)}>
        {PRESETS.map((name) => (
          <option key={name} value={name}>
            {name[0]?.toUpperCase() + name.slice(1)}
          </option>
        ))}
      </select>
    </label>
  );
}

function Intensity() {
  const { playback, settings } = useApp();
  const intensity = settings.intensity.value;
  return (
    <div class="dial">
      <span class="caption" aria-hidden="true">
        Intensity
      </span>
      <Slider
        label="Intensity"
        value={intensity}
        text={percent(intensity)}
        tone={playback.heard.value === "enhanced" ? "copper" : "ink"}
        on_input={(x) => void playback.set_intensity(x)}
      />
      <span class="figure">{percent(intensity)}</span>
    </div>
  );
}

function Volume() {
  const { playback, settings } = useApp();
  const volume = settings.volume.value;
  return (
    <div class="dial volume">
      <IconButton label={volume > 0 ? "Mute" : "Unmute"} on_click={() => playback.mute()}>
        {volume > 0 ? <Loud /> : <Mute />}
      </IconButton>
      <Slider label="Volume" value={volume} text={percent(volume)} on_input={(x) => playback.set_volume(x)} />
      <span class="figure">{percent(volume)}</span>
    </div>
  );
}

/** The button that says what is wished beyond the preset, and opens the rest. */
function More() {
  const { settings, reference, sheet } = useApp();
  const open = useSignal(false);
  const box = useRef<HTMLDivElement>(null);
  const key = useRef<HTMLButtonElement>(null);
  useHold((scope) => {
    scope.listen<PointerEvent>(document, "pointerdown", (event) => {
      if (open.peek() && sheet.peek() === "none" && !box.current?.contains(event.target as Node)) open.value = false;
    });
    scope.listen<KeyboardEvent>(window, "keydown", (event) => {
      if (event.key !== "Escape" || event.defaultPrevented || !open.peek() || sheet.peek() !== "none") return;
      open.value = false;
      key.current?.focus();
    });
  });
  const like = reference.track.value;
  const target = lufs(settings.target_lufs.value);
  const album = settings.album.value;
  const short = like ? `Like ${like.title}` : album ? "Album gain" : target;
  const whole = [target, album ? "one gain for the album" : null, like ? `like ${like.title}` : null].filter(Boolean).join(", ");
  return (
    <div class="more" ref={box}>
      <button
        type="button"
        class="more-key"
        ref={key}
        aria-haspopup="dialog"
        aria-expanded={open.value}
        aria-controls="wishes"
        aria-label={`Loudness, album, sound like: ${whole}`}
        title={whole}
        onClick={() => (open.value = !open.value)}
      >
        <Tune />
        <span>{short}</span>
      </button>
      {open.value ? (
        <div class="wishes-panel" id="wishes" role="dialog" aria-label="How it shall sound">
          <Wishes />
        </div>
      ) : null}
    </div>
  );
}

/** Steps of the loudness, in LU. */
const TARGET_STEP = 0.5;
const TARGET_SPAN = TARGET.loudest - TARGET.quietest;

function Wishes() {
  const { playback, settings, reference } = useApp();
  const target = settings.target_lufs.value;
  // A track to sound like has a loudness too, and that is the one then.
  const like = reference.track.value;
  const album = settings.album.value;
  return (
    <div class="wishes">
      <div class="wish">
        <span aria-hidden="true">Loudness</span>
        {like ? (
          <span class="quiet">near that of {like.title}</span>
        ) : (
          <>
            <Slider
              label="Loudness aimed at"
              value={(target - TARGET.quietest) / TARGET_SPAN}
              step={TARGET_STEP / TARGET_SPAN}
              text={lufs(target)}
              on_input={(x) => {
                const steps = Math.round((x * TARGET_SPAN) / TARGET_STEP);
                void playback.set_target(TARGET.quietest + steps * TARGET_STEP);
              }}
            />
            <span class="figure">{lufs(target)}</span>
          </>
        )}
      </div>
      <div class="wish">
        <span id="album-name">
          One gain for the album
          <small>Its tracks keep their balance</small>
        </span>
        <button
          type="button"
          role="switch"
          class="small-switch"
          aria-checked={album}
          aria-labelledby="album-name"
          onClick={() => void playback.set_album(!album)}
        >
          <span />
        </button>
      </div>
      <Like />
    </div>
  );
}

/** The track it shall sound like, or the way to choose one. */
function Like() {
  const { reference, sheet } = useApp();
  const like = reference.track.value;
  if (!like) {
    return (
      <button type="button" class="key like-key" aria-haspopup="dialog" onClick={() => (sheet.value = "reference")}>
        Make it sound like…
      </button>
    );
  }
  return (
    <div class="like">
      <Cover track={like} kind="aura" />
      <span class="titles">
        <small>Like</small>
        <strong>{like.title}</strong>
        <span class="quiet">{artists(like.artists)}</span>
      </span>
      <button type="button" class="key" aria-haspopup="dialog" onClick={() => (sheet.value = "reference")}>
        Change<span class="sr-only"> the track it sounds like</span>
      </button>
      <IconButton label={`Sound like ${like.title} no more`} on_click={() => void reference.choose(null)}>
        <Close />
      </IconButton>
    </div>
  );
}

/** All that is wished, in a line. */
export function WishedLine() {
  const { settings, reference } = useApp();
  const like = reference.track.value;
  const preset = settings.preset.value;
  const words = [
    `${preset[0]?.toUpperCase()}${preset.slice(1)} at ${percent(settings.intensity.value)}`,
    like ? null : lufs(settings.target_lufs.value),
    settings.album.value ? "one gain for the album" : null,
    like ? `like ${like.title}` : null,
  ];
  return <p class="quiet wished">{words.filter(Boolean).join(", ")}</p>;
}
