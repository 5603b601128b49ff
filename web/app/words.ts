/** How figures are said: exact, with a true minus, the unit after a thin space. */

export const THIN = "\u2009";
const MINUS = "\u2212";
const NONE = "\u2013";

/** 1:05, or 1:02:03. */
export function clock(seconds: number): string {
  if (!Number.isFinite(seconds)) return NONE;
  const whole = Math.max(0, Math.floor(seconds));
  const two = (n: number) => String(n).padStart(2, "0");
  const [h, m, s] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  return h > 0 ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
}

/** "1 minute 5 seconds", for a slider's value. */
export function spoken(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const [m, s] = [Math.floor(whole / 60), whole % 60];
  const some = (n: number, word: string) => `${n} ${word}${n === 1 ? "" : "s"}`;
  if (m === 0) return some(s, "second");
  return s === 0 ? some(m, "minute") : `${some(m, "minute")} ${some(s, "second")}`;
}

/** "28 s left", "about 2 h left": as exactly as anybody can know; null for what is not known. */
export function left(seconds: number | null): string | null {
  if (seconds === null) return null;
  if (seconds < 60) return `${Math.max(1, Math.round(seconds))}${THIN}s left`;
  if (seconds < 5400) return `${Math.round(seconds / 60)}${THIN}min left`;
  return `about ${Math.round(seconds / 3600)}${THIN}h left`;
}

/** 45 min, or 3 h 20 min: how long many tracks are together. */
export function length(seconds: number): string {
  const minutes = Math.round(seconds / 60);
  if (minutes === 0) return `${Math.round(seconds)}${THIN}s`;
  const [h, m] = [Math.floor(minutes / 60), minutes % 60];
  return h === 0 ? `${m}${THIN}min` : `${h.toLocaleString("en")}${THIN}h${m === 0 ? "" : ` ${m}${THIN}min`}`;
}

/** When something was heard: the time of today, the day before that. */
export function moment(seconds: number): string {
  const [then, now] = [new Date(seconds * 1000), new Date()];
  if (then.toDateString() === now.toDateString()) return then.toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });
  const of_this_year = then.getFullYear() === now.getFullYear();
  return then.toLocaleDateString("en-GB", of_this_year ? { day: "numeric", month: "short" } : { day: "numeric", month: "short", year: "numeric" });
}

/** Until when something is: the time of today, the day and the time after that. */
export function moment_to_come(seconds: number): string {
  const [then, now] = [new Date(seconds * 1000), new Date()];
  const time = then.toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });
  if (then.toDateString() === now.toDateString()) return time;
  return `${then.toLocaleDateString("en-GB", { day: "numeric", month: "short" })}, ${time}`;
}

/** To one decimal; a dash for what is not known. */
export function figure(x: number | null | undefined): string {
  if (x === null || x === undefined || !Number.isFinite(x)) return NONE;
  const text = one_decimal(Math.abs(x));
  return x < 0 && Number(text) !== 0 ? MINUS + text : text;
}

/** As `figure`, a gain with its plus. */
export function gain(x: number): string {
  return x > 0 && Number(one_decimal(x)) > 0 ? `+${figure(x)}` : figure(x);
}

/** As the core's own words round: a tie (only odd quarters are exact ones) goes to the even digit. */
function one_decimal(x: number): string {
  const tie = (x * 4) % 2 === 1;
  const tenths = Math.floor(x * 10);
  return tie ? ((tenths + (tenths % 2)) / 10).toFixed(1) : x.toFixed(1);
}

/** 45 %, of a hundred. */
export const percent = (x: number): string => `${Math.floor(x)}${THIN}%`;

/** 44.1 kHz. */
export function rate(hz: number): string {
  return `${Number((hz / 1000).toFixed(3))}${THIN}kHz`;
}

const CODECS: Record<string, string> = { flac: "FLAC", mp3: "MP3", aac: "AAC", alac: "ALAC", vorbis: "Vorbis", opus: "Opus", pcm: "PCM" };

/** A codec as people write it. */
export const codec = (name: string): string => CODECS[name] ?? name;

/** 812 KB, 34.5 MB, 1.2 GB. */
export function size(bytes: number): string {
  if (bytes < 1e6) return `${Math.ceil(bytes / 1e3)}${THIN}KB`;
  return bytes < 1e9 ? `${(bytes / 1e6).toFixed(1)}${THIN}MB` : `${(bytes / 1e9).toFixed(1)}${THIN}GB`;
}

/** Warm, at 80 %, −14.0 LUFS: what of a taste is told. */
export function taste_words({ preset, intensity, target_lufs }: Taste): string {
  const said = [
    preset == null ? null : `${preset[0]?.toUpperCase()}${preset.slice(1)}`,
    intensity == null ? null : `at ${Math.round(intensity * 100)}${THIN}%`,
    target_lufs == null ? null : `${figure(target_lufs)}${THIN}LUFS`,
  ];
  return said.filter((words) => words !== null).join(", ");
}

interface Taste {
  preset?: string | null | undefined;
  intensity?: number | null | undefined;
  target_lufs?: number | null | undefined;
}

export function count(n: number, one: string, many: string): string {
  return `${n.toLocaleString("en")}${"\u00a0"}${n === 1 ? one : many}`;
}

export function artists(names: readonly string[]): string {
  return names.length > 0 ? names.join(", ") : "Unknown artist";
}

/** Without what tells two writings of a word apart: capitals, accents. */
export const plain = (text: string): string => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase().trim();

export function sentence(text: string): string {
  const words = text.trim() === "" ? "something failed" : text.trim();
  return /[.?!…]$/.test(words) ? words : `${words}.`;
}
