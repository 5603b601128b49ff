/** Pure drawing arithmetic: the equaliser's curve, the track's spectrum, the horizon of its peaks. */
import type { Band, Stages } from "../audio/types";

/** Frequencies at which curves are drawn: 20 Hz to 20 kHz, evenly in octaves. */
export const N_CURVE = 121;
export const curve_hz = (i: number): number => 20 * 1000 ** (i / (N_CURVE - 1));

/** Where a frequency stands on that axis, 0 to 1. */
export const hz_place = (hz: number): number => Math.log(hz / 20) / Math.log(1000);

/**
 * Gain of one band at `hz`, in dB: the second-order shelf or bell of the Audio EQ Cookbook
 * (R. Bristow-Johnson), its frequency axis warped as the bilinear transform at `rate` warps it.
 */
export function band_db(band: Band, hz: number, rate: number): number {
  if (band.gain_db === 0) return 0;
  const a = 10 ** (band.gain_db / 40);
  const nyquist = rate * 0.4999;
  const w = Math.tan((Math.PI * Math.min(hz, nyquist)) / rate) / Math.tan((Math.PI * Math.min(band.hz, nyquist)) / rate);
  const power = (re: number, im: number) => re * re + im * im;
  const ratio = (): number => {
    switch (band.shape) {
      case "bell":
        return power(1 - w * w, (w * a) / band.q) / power(1 - w * w, w / (a * band.q));
      case "low_shelf":
        return (a * a * power(a - w * w, (w * Math.sqrt(a)) / band.q)) / power(1 - a * w * w, (w * Math.sqrt(a)) / band.q);
      case "high_shelf":
        return (a * a * power(1 - a * w * w, (w * Math.sqrt(a)) / band.q)) / power(a - w * w, (w * Math.sqrt(a)) / band.q);
    }
  };
  return 10 * Math.log10(ratio());
}

/** The whole equaliser at `hz`, in dB. */
export function eq_db(stages: Stages, hz: number, rate: number): number {
  return stages.eq.reduce((sum, band) => sum + band_db(band, hz, rate), 0);
}

function ride_db(ride: Stages["ride"], t: number): number {
  const knots = ride.gain_db;
  if (knots.length === 0) return 0;
  const at = Math.min(Math.max(0, t / ride.hop_s), knots.length - 1);
  const left = Math.floor(at);
  const [a, b] = [knots[left] ?? 0, knots[left + 1] ?? knots[left] ?? 0];
  return a + (b - a) * (at - left);
}

/** The most of `peaks` in each of `n` equal parts of the time axis. */
export function columns(peaks: readonly number[], n: number): number[] {
  return Array.from({ length: n }, (_, i) => {
    const first = Math.floor((i * peaks.length) / n);
    const end = Math.max(first + 1, Math.ceil(((i + 1) * peaks.length) / n));
    let most = 0;
    for (let at = first; at < Math.min(end, peaks.length); at++) most = Math.max(most, Math.abs(peaks[at] ?? 0));
    return Math.min(most, 1.5);
  });
}

/**
 * What the plan should make of those peaks: as much louder as it promises, following its ride, held under
 * its ceiling. A prediction.
 */
export function predicted(original: readonly number[], stages: Stages, change_lu: number, duration_s: number): number[] {
  const ceiling = 10 ** (stages.limiter.ceiling_dbtp / 20);
  const ride = original.map((_, i) => ride_db(stages.ride, ((i + 0.5) / original.length) * duration_s));
  const power = original.reduce((sum, peak) => sum + peak * peak, 0);
  // The ride's own share of the change is in the promise already.
  const mean = original.reduce((sum, peak, i) => sum + peak * peak * (ride[i] ?? 0), 0) / Math.max(power, 1e-9);
  return original.map((peak, i) => Math.min(ceiling, peak * 10 ** ((change_lu + (ride[i] ?? 0) - mean) / 20)));
}

/** Width and height of the box in which the horizon's paths are drawn. */
export const HORIZON = { width: 1000, height: 100 } as const;

/** The outline of `peaks` as an SVG path, standing on the box's floor. */
export function horizon(peaks: readonly number[]): string {
  const { width, height } = HORIZON;
  const y = (peak: number) => (height - 1 - Math.min(1, peak) * (height - 4)).toFixed(1);
  const points = peaks.map((peak, i) => `${((i * width) / Math.max(1, peaks.length - 1)).toFixed(1)} ${y(peak)}`);
  return points.length === 0 ? `M0 ${height}H${width}` : `M${points.join("L")}`;
}

/** That outline closed along the floor, to be filled. */
export function land(peaks: readonly number[]): string {
  const { width, height } = HORIZON;
  return `${horizon(peaks)}L${width} ${height}L0 ${height}Z`;
}
