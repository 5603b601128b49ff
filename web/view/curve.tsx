/** The equaliser in copper over the track's spectrum in quiet ink. */
import { useComputed, useSignal } from "@preact/signals";
import { useRef } from "preact/hooks";
import { curve_hz, eq_db, hz_place, N_CURVE } from "../app/curves";
import { figure } from "../app/words";
import { useApp, useHold } from "./hooks";

/** Room for the decibels, right of the curves. */
const GUTTER = 32;
const HEIGHT = 128;
/** The equaliser's axis reaches so far up and down, in dB. */
const EQ_DB = 9;
/** The spectrum's axis spans so much below its loudest third-octave, in dB. */
const SPECTRUM_DB = 60;
const TICKS: readonly [number, string][] = [
  [50, "50"],
  [200, "200"],
  [1000, "1k"],
  [4000, "4k"],
  [12000, "12k"],
];

const eq_y = (db: number) => HEIGHT / 2 - (Math.min(EQ_DB, Math.max(-EQ_DB, db)) / EQ_DB) * (HEIGHT / 2 - 6);

export function Curve() {
  const { playback } = useApp();
  const box = useRef<HTMLElement>(null);
  /** Width of the curves in px: drawn at that size, so that words keep theirs. */
  const width = useSignal(288);
  useHold((scope) => {
    if (box.current) scope.size(box.current, (now) => (width.value = Math.max(120, Math.round(now) - GUTTER)));
  });
  const wide = width.value;
  const spectrum = useComputed(() => {
    const wide = width.value;
    const bands = playback.details.value.fingerprint?.third_octaves ?? [];
    if (bands.length === 0) return null;
    const top = Math.max(...bands);
    const points = bands.map((db, i) => {
      const x = hz_place(1000 * 2 ** ((i - 17) / 3)) * wide;
      const y = HEIGHT - Math.max(0, 1 + (db - top) / SPECTRUM_DB) * (HEIGHT - 14);
      return `${x.toFixed(1)} ${y.toFixed(1)}`;
    });
    return `M0 ${HEIGHT}L${points.join("L")}L${wide} ${HEIGHT}Z`;
  });
  const eq = useComputed(() => {
    const wide = width.value;
    const plan = playback.plan.value;
    const hz = playback.track.value?.sample_rate ?? 48000;
    if (!plan) return null;
    const values = Array.from({ length: N_CURVE }, (_, i) => eq_db(plan.stages, curve_hz(i), hz));
    const line = values.map((db, i) => `${((i / (N_CURVE - 1)) * wide).toFixed(1)} ${eq_y(db).toFixed(1)}`).join("L");
    const most = values.reduce((a, b) => (Math.abs(b) > Math.abs(a) ? b : a), 0);
    return { line: `M${line}`, area: `M0 ${HEIGHT / 2}L${line}L${wide} ${HEIGHT / 2}Z`, most: values.indexOf(most), db: most };
  });
  const said = eq.value
    ? `Equaliser: most ${figure(eq.value.db)} dB at ${Math.round(curve_hz(eq.value.most))} Hz`
    : "Spectrum of the track";
  return (
    <figure class="curve" ref={box}>
      <svg viewBox={`0 0 ${wide + GUTTER} ${HEIGHT + 18}`} height={HEIGHT + 18} role="img" aria-label={said}>
        {spectrum.value ? <path class="spectrum" d={spectrum.value} /> : null}
        {[-6, 0, 6].map((db) => (
          <g key={db}>
            <path class={db === 0 ? "zero" : "grid"} d={`M0 ${eq_y(db)}H${wide}`} />
            <text class="tick" x={wide + GUTTER} y={eq_y(db) + 4} text-anchor="end">
              {db > 0 ? `+${db}` : db < 0 ? `\u2212${-db}` : "0"}
              {db === 6 ? "\u2009dB" : ""}
            </text>
          </g>
        ))}
        {TICKS.map(([hz, words]) => (
          <g key={hz}>
            <path class="grid" d={`M${hz_place(hz) * wide} 0V${HEIGHT}`} />
            <text class="tick" x={hz_place(hz) * wide} y={HEIGHT + 14} text-anchor="middle">
              {words}
              {hz === 12000 ? "\u2009Hz" : ""}
            </text>
          </g>
        ))}
        {eq.value ? (
          <>
            <path class="eq-area" d={eq.value.area} />
            <path class="eq-line" d={eq.value.line} />
          </>
        ) : null}
      </svg>
    </figure>
  );
}
