/**
 * The waveform across the whole width, and the seek slider: a slate outline of the original behind, the
 * enhanced in copper in front, solid up to what is heard, a faint outline (a prediction) ahead of it.
 * Turning the switch slides one over the other.
 */
import { useComputed, useSignal, useSignalEffect } from "@preact/signals";
import { useRef } from "preact/hooks";
import { columns, HORIZON, horizon, land, predicted } from "../app/curves";
import { n_frames } from "../app/playback";
import { clock, spoken } from "../app/words";
import { useApp } from "./hooks";

const N_COLUMNS = 600;
const STEP_S = 5;
const PAGE_S = 30;

export function Horizon() {
  const { playback } = useApp();
  const box = useRef<HTMLDivElement>(null);
  /** Where the pointer stands, 0 to 1; null when it is elsewhere. */
  const hover = useSignal<number | null>(null);
  /** Where a drag would seek to, 0 to 1. */
  const drag = useSignal<number | null>(null);

  const duration = useComputed(() => {
    const track = playback.track.value;
    return track ? n_frames(track) / track.sample_rate : 0;
  });
  const share = useComputed(() => {
    const track = playback.track.value;
    if (drag.value !== null) return drag.value;
    return track ? Math.min(1, playback.position_frames.value / Math.max(1, n_frames(track))) : 0;
  });
  const second = useComputed(() => Math.floor(share.value * duration.value));
  const left = useComputed(() => (playback.track.value ? clock(share.value * duration.value) : ""));
  const right = useComputed(() => {
    const track = playback.track.value;
    return track ? `\u2212${clock(Math.ceil(duration.value) - second.value)}` : "";
  });
  const foretold = useComputed(() => {
    const drawn = playback.details.value.waveform !== null && playback.plan.value !== null;
    return drawn && playback.heard.value === "enhanced";
  });
  useSignalEffect(() => {
    box.current?.style.setProperty("--played", `${(share.value * 100).toFixed(3)}%`);
  });
  useSignalEffect(() => {
    box.current?.style.setProperty("--hover", `${((hover.value ?? 0) * 100).toFixed(2)}%`);
  });

  const track = playback.track.value;
  const seek_to = (ratio: number) => track && void playback.seek(ratio * n_frames(track));
  const place = (event: PointerEvent): number => {
    const edges = box.current?.getBoundingClientRect();
    if (!edges || edges.width === 0) return 0;
    return Math.min(1, Math.max(0, (event.clientX - edges.left) / edges.width));
  };
  const press = (event: KeyboardEvent) => {
    const by = { ArrowLeft: -STEP_S, ArrowDown: -STEP_S, ArrowRight: STEP_S, ArrowUp: STEP_S, PageDown: -PAGE_S, PageUp: PAGE_S };
    const step = by[event.key as keyof typeof by];
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (step !== undefined) void playback.seek_by(event.shiftKey ? Math.sign(step) * PAGE_S : step);
    else if (event.key === "Home") seek_to(0);
    else if (event.key === "End") seek_to(1);
    else return;
    event.preventDefault();
  };

  return (
    <div class="timeline">
      <span class="time">{left}</span>
      <div
        ref={box}
        class="horizon"
        role="slider"
        tabIndex={0}
        aria-label="Position"
        aria-orientation="horizontal"
        aria-valuemin={0}
        aria-valuemax={Math.round(duration.value)}
        aria-valuenow={second.value}
        aria-valuetext={track ? `${spoken(second.value)} of ${spoken(duration.value)}` : "nothing playing"}
        aria-disabled={track === null}
        data-heard={playback.heard.value}
        onKeyDown={press}
        onPointerMove={(event) => {
          hover.value = place(event);
          if (drag.value !== null) drag.value = place(event);
        }}
        onPointerLeave={() => (hover.value = null)}
        onPointerDown={(event) => {
          if (!track || event.button !== 0) return;
          event.currentTarget.setPointerCapture(event.pointerId);
          drag.value = place(event);
        }}
        onPointerUp={() => {
          if (drag.value !== null) seek_to(drag.value);
          drag.value = null;
        }}
        onPointerCancel={() => (drag.value = null)}
      >
        <Land />
        <span class="playhead" />
        {track && hover.value !== null ? (
          <span class="hover-time" data-side={hover.value > 0.5 ? "left" : "right"}>
            {clock(hover.value * duration.value)}
          </span>
        ) : null}
      </div>
      <span class="time">
        {foretold.value ? <small class="predicted">predicted</small> : null}
        <span>{right}</span>
      </span>
    </div>
  );
}

/** The drawn peaks: two faces over each other, of which the switch shows one. */
function Land() {
  const { playback } = useApp();
  const shapes = useComputed(() => {
    const track = playback.track.value;
    const waveform = playback.details.value.waveform;
    const plan = playback.plan.value;
    if (!track || !waveform || waveform.peaks.length === 0) return null;
    const original = columns(waveform.peaks, N_COLUMNS);
    const change = (plan?.promise.lufs ?? 0) - (playback.details.value.fingerprint?.descriptors["lufs"] ?? plan?.promise.lufs ?? 0);
    const enhanced = plan ? predicted(original, plan.stages, change, n_frames(track) / track.sample_rate) : original;
    return {
      original: { line: horizon(original), land: land(original) },
      enhanced: { line: horizon(enhanced), land: land(enhanced) },
      planned: plan !== null,
    };
  });
  const now = shapes.value;
  if (!now) return <span class="floor" />;
  return (
    <>
      <div class="face enhanced">
        <Shape class="behind" line={now.original.line} tone="slate" />
        <Shape class="ahead" land={now.enhanced.land} line={now.enhanced.line} tone="copper" />
        <Shape class="heard" land={now.enhanced.land} tone="copper" />
        <Shape class="heard trace" line={now.original.line} tone="slate" />
      </div>
      <div class="face original">
        {now.planned ? <Shape class="behind" line={now.enhanced.line} tone="copper" /> : null}
        <Shape class="ahead" land={now.original.land} line={now.original.line} tone="slate" />
        <Shape class="heard" land={now.original.land} tone="slate" />
      </div>
    </>
  );
}

function Shape(props: { class: string; tone: "copper" | "slate"; land?: string; line?: string }) {
  const { width, height } = HORIZON;
  return (
    <svg class={`${props.class} ${props.tone}`} viewBox={`0 0 ${width} ${height}`} preserveAspectRatio="none" aria-hidden="true">
      {props.land === undefined ? null : <path class="land" d={props.land} />}
      {props.line === undefined ? null : <path class="line" d={props.line} />}
    </svg>
  );
}
