/** The formats of copies, in the server's words and in a person's. */
import type { JobNew } from "./api";
import { THIN } from "./words";

export type FormatName = NonNullable<JobNew["format"]>;

interface Format {
  /** Null: FLAC at the depth of each track. */
  name: FormatName | null;
  words: string;
  /** What it is good for. */
  note: string;
}

const WHOLE = "Nothing is lost, at about half the size of WAV.";

/** The first is what is meant unasked. */
export const FORMATS: readonly [Format, ...Format[]] = [
  { name: null, words: "FLAC, as deep as the source", note: WHOLE },
  { name: "flac16", words: `FLAC, 16${THIN}bit`, note: WHOLE },
  { name: "flac24", words: `FLAC, 24${THIN}bit`, note: WHOLE },
  { name: "wav16", words: `WAV, 16${THIN}bit`, note: "Large, and read by everything." },
  { name: "wav24", words: `WAV, 24${THIN}bit`, note: "Larger, and read by nearly everything." },
  { name: "wavf32", words: `WAV, 32${THIN}bit float`, note: "The largest: the sound as it is computed, to work on." },
  { name: "opus", words: "Opus", note: "Small, for phones; little of what is lost can be heard." },
];

/** What Opus may take, in kbit/s, and what it takes unasked. */
export const BIT_RATES = [64, 96, 128, 160, 192, 256, 320] as const;
export const BIT_RATE = 160;

/** What is said of a format. */
export const format_of = (name: FormatName | null): Format => FORMATS.find((one) => one.name === name) ?? FORMATS[0];
