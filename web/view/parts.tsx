/** Small parts used all over: figures with their unit, covers, sliders. */
import { useState } from "preact/hooks";
import type { ComponentChildren } from "preact";
import * as api from "../app/api";
import { THIN } from "../app/words";

/** A number in tabular figures, its unit small and quiet. */
export function Figure({ value, unit }: { value: string; unit?: string }) {
  return (
    <span class="figure">
      {value}
      {unit === undefined ? null : (
        <small>
          {THIN}
          {unit}
        </small>
      )}
    </span>
  );
}

/**
 * A track's cover, `px` wide at most: its own art, else its aura; a plain ring until it is measured.
 * Decoration: the title always stands beside it.
 */
export function Cover({
  track,
  kind = "cover",
  px = 64,
}: {
  track: Pick<api.Track, "id" | "measured"> | null;
  kind?: "cover" | "aura";
  px?: number;
}) {
  const [broken, set_broken] = useState<string | null>(null);
  const src = track?.measured ? (kind === "aura" ? api.aura(track.id) : api.artwork(track.id, px)) : null;
  return (
    <span class="cover" aria-hidden="true">
      {src === null || src === broken ? (
        <span class="ring" />
      ) : (
        <img src={src} alt="" loading="lazy" decoding="async" draggable={false} onError={() => set_broken(src)} />
      )}
    </span>
  );
}

interface SliderProps {
  label: string;
  /** 0 to 1. */
  value: number;
  text: string;
  tone?: "ink" | "copper";
  step?: number;
  on_input(value: number): void;
}

/** A native range, its filled part drawn by CSS from `--share`. */
export function Slider({ label, value, text, tone = "ink", step = 0.01, on_input }: SliderProps) {
  return (
    <input
      class={`slider ${tone}`}
      type="range"
      min="0"
      max="1"
      step={step}
      value={value}
      aria-label={label}
      aria-valuetext={text}
      title={`${label}: ${text}`}
      style={{ "--share": `${(value * 100).toFixed(1)}%` }}
      onInput={(event) => on_input(event.currentTarget.valueAsNumber)}
    />
  );
}

/** A button that is only an icon; its name is said and shown on hover. */
export function IconButton(props: {
  label: string;
  children: ComponentChildren;
  class?: string;
  disabled?: boolean;
  expanded?: boolean;
  controls?: string;
  on_click(): void;
}) {
  return (
    <button
      type="button"
      class={`icon-button ${props.class ?? ""}`}
      aria-label={props.label}
      title={props.label}
      disabled={props.disabled ?? false}
      aria-expanded={props.expanded}
      aria-controls={props.controls}
      onClick={props.on_click}
    >
      {props.children}
    </button>
  );
}
