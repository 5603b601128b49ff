/** What is known of a track: its tags, its file, and how often it was heard. */
import { useSignal } from "@preact/signals";
import { useRef } from "preact/hooks";
import * as api from "../app/api";
import { clock, codec, count, figure, gain, moment, rate, sentence, size, THIN } from "../app/words";
import { useHold } from "./hooks";
import { Fault } from "./icons";
import { Sheet } from "./sheet";

export function AboutSheet({ track, on_close }: { track: api.Track; on_close(): void }) {
  const box = useRef<HTMLDivElement>(null);
  /** Null while it is read; in words why it is not known. */
  const told = useSignal<api.TrackDetails | string | null>(null);
  useHold((scope) => {
    box.current?.focus();
    api.track(track.id, scope.signal).then(
      (details) => {
        if (!scope.ended) told.value = details;
      },
      (problem: unknown) => {
        if (!scope.ended) told.value = sentence(problem instanceof Error ? problem.message : "");
      },
    );
  });
  const details = told.value;
  return (
    <Sheet name="about" title={track.title} box={box} on_close={on_close}>
      {typeof details === "string" ? (
        <p class="notice" role="alert">
          <Fault /> {details}
        </p>
      ) : details === null ? null : (
        <dl>
          {rows(details).map(([name, value]) => (
            <div key={name}>
              <dt>{name}</dt>
              <dd>{value}</dd>
            </div>
          ))}
        </dl>
      )}
    </Sheet>
  );
}

/** All that is known, in an order; what is not known does not stand there. */
function rows(track: api.TrackDetails): [string, string][] {
  const names = (all: readonly string[]) => all.join(", ");
  const db = (of: string, value: number | null) => (value === null ? [] : [`${of} ${gain(value)}${THIN}dB`]);
  const { replay_gain, musicbrainz } = track;
  const format = [
    codec(track.codec),
    rate(track.sample_rate),
    ...(track.bits_per_sample === null ? [] : [`${track.bits_per_sample}${THIN}bit`]),
    { 1: "mono", 2: "stereo" }[track.channels] ?? `${track.channels} channels`,
  ];
  const place = [
    ...(track.disc_no === null ? [] : [`disc ${track.disc_no}`]),
    ...(track.track_no === null ? [] : [`track ${track.track_no}`]),
  ];
  const all: [string, string | null][] = [
    [track.artists.length > 1 ? "Artists" : "Artist", names(track.artists)],
    ["Album", track.album],
    [track.album_artists.length > 1 ? "Album artists" : "Album artist", names(track.album_artists)],
    ["Place", names(place)],
    ["Date", track.date],
    ["First released", track.original_date === track.date ? null : track.original_date],
    ["Genres", names(track.genres)],
    [track.composers.length > 1 ? "Composers" : "Composer", names(track.composers)],
    ["Compilation", track.is_compilation ? "Yes" : null],
    ["Comment", track.comment],
    ["Tempo", track.bpm === null ? null : `${figure(track.bpm)}${THIN}BPM`],
    ["Loudness", track.lufs === null ? null : `${figure(track.lufs)}${THIN}LUFS`],
    ["True peak", track.true_peak_dbtp === null ? null : `${figure(track.true_peak_dbtp)}${THIN}dBTP`],
    ["ReplayGain", names([...db("track", replay_gain.track_db), ...db("album", replay_gain.album_db)])],
    ["Length", clock(track.duration_s)],
    ["Format", names(format)],
    ["File", `${track.path} (${size(track.size)})`],
    ["Found", moment(track.added_at)],
    ["Heard", track.played_at === null ? null : `${count(track.n_plays, "time", "times")}, last ${moment(track.played_at)}`],
    ["MusicBrainz recording", musicbrainz.recording],
    ["MusicBrainz release", musicbrainz.release],
  ];
  return all.filter((row): row is [string, string] => row[1] !== null && row[1] !== "");
}
