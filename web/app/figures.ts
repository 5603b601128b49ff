/** The library in figures, as bars: each says what it counts, and the rule that finds just those tracks. */
import type { Statistics, Step } from "./api";
import { figure, rate, THIN } from "./words";

export interface Bar {
  /** Under the bar, or before it. */
  label: string;
  /** What it counts, whole: for those who do not see where it stands. */
  words: string;
  n: number;
  rule: string;
}

export interface Chart {
  name: string;
  /** Columns along a scale, or a row for each kind. */
  shape: "upright" | "across";
  /** Of the scale; a kind says its own. */
  unit: string;
  bars: readonly Bar[];
}

/** A scale: its unit, how wide a column is, and the ends beyond which all is one column. */
interface Scale {
  field: string;
  unit: string;
  step: number;
  low: number;
  high: number;
}

const LUFS: Scale = { field: "lufs", unit: "LUFS", step: 2, low: -32, high: -4 };
const LRA: Scale = { field: "lra", unit: "LU", step: 2, low: 0, high: 24 };
const CREST: Scale = { field: "crest", unit: "dB", step: 2, low: 4, high: 28 };
const BPM: Scale = { field: "bpm", unit: "BPM", step: 10, low: 50, high: 210 };
const DECADES: Scale = { field: "year", unit: "", step: 10, low: 1900, high: 2100 };

export function charts(of: Statistics): Chart[] {
  const columns = (name: string, steps: readonly Step[], scale: Scale): Chart => ({
    name, shape: "upright", unit: scale.unit, bars: along(steps, scale),
  });
  const all: Chart[] = [
    kinds("Formats", of.codecs.map(({ of, n_tracks }) => kind(of, n_tracks, `codec:"${of}"`))),
    kinds("Sample rates", of.sample_rates.map(({ of, n_tracks }) => kind(rate(of), n_tracks, `rate:${of}`))),
    kinds("Bits", of.bits_per_sample.map(({ of, n_tracks }) => kind(`${of}${THIN}bit`, n_tracks, `bits:${of}`))),
    columns("Decades", of.decades, DECADES),
    columns("Loudness", of.lufs, LUFS),
    columns("Loudness range", of.lra_lu, LRA),
    columns("Crest factor", of.crest_db, CREST),
    columns("Tempo", of.bpm, BPM),
  ];
  return all.filter(({ bars }) => bars.length > 0);
}

const kinds = (name: string, bars: Bar[]): Chart => ({ name, shape: "across", unit: "", bars });
const kind = (label: string, n: number, rule: string): Bar => ({ label, words: label, n, rule });

/** The steps as columns without a gap, from the first that has tracks to the last. */
function along(steps: readonly Step[], scale: Scale): Bar[] {
  const sums = new Map<number, number>();
  for (const { from, n_tracks } of steps) {
    const column = Math.floor(Math.min(Math.max(from, scale.low - scale.step), scale.high) / scale.step) * scale.step;
    sums.set(column, (sums.get(column) ?? 0) + n_tracks);
  }
  const bars: Bar[] = [];
  if (sums.size === 0) return bars;
  const last = Math.max(...sums.keys());
  for (let from = Math.min(...sums.keys()); from <= last; from += scale.step) bars.push(column(from, sums.get(from) ?? 0, scale));
  return bars;
}

/** From one number on, up to before another: so said, a rule finds just what was counted. */
function column(from: number, n: number, { field, unit, step, low, high }: Scale): Bar {
  const [above, below] = [`${field}:>=${from}`, `${field}:<${from + step}`];
  const end = unit === "" ? "" : `${THIN}${unit}`;
  const said = (x: number) => (unit === "" ? String(x) : figure(x).replace(/\.0$/, ""));
  if (from < low) return { label: `<${said(low)}`, words: `below ${said(low)}${end}`, n, rule: below };
  if (from >= high) return { label: `${said(high)}+`, words: `${said(high)}${end} and above`, n, rule: above };
  const words = field === "year" ? `${from}s` : `${said(from)} to ${said(from + step)}${end}`;
  return { label: field === "year" ? `${from}s` : said(from), words, n, rule: `${above} ${below}` };
}
