/** The sheet in which enhanced copies are asked for: in which format, how they sound, and what will come of it. */
import { useRef } from "preact/hooks";
import { BIT_RATES, format_of, FORMATS } from "../app/formats";
import type { Foretold, Refusal, Wish } from "../app/jobs";
import { to_view } from "../app/place";
import { count, size, taste_words, THIN } from "../app/words";
import { useApp, useHold } from "./hooks";
import { Fault } from "./icons";
import { Sheet } from "./sheet";

/** What names can be made of. */
const FIELDS = ["title", "artist", "album_artist", "album", "track:02", "disc", "year", "genre", "file", "folder", "number:03"];

export function SaveSheet({ wish }: { wish: Wish }) {
  const { jobs, scope: page } = useApp();
  const format = useRef<HTMLSelectElement>(null);
  useHold((scope) => {
    format.current?.focus();
    // The page can have the keyboard only when nothing lies over it any more.
    scope.own(() => page.timeout(0, () => wish.back?.focus()));
  });
  const foretold = jobs.foretold.value;
  const bad = foretold !== null && "message" in foretold;
  const { words, note } = format_of(wish.format);
  return (
    <Sheet name="save" title="Save enhanced" on_close={() => jobs.write(null)}>
      <p class="saved-of">
        <strong>{wish.name}</strong>
      </p>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void jobs.ask();
        }}
      >
        <div class="field">
          <label>
            Format
            <select
              ref={format}
              value={words}
              aria-describedby="save-note"
              onChange={(event) => jobs.write({ ...wish, format: FORMATS.find((one) => one.words === event.currentTarget.value)?.name ?? null })}
            >
              {FORMATS.map((one) => (
                <option key={one.words}>{one.words}</option>
              ))}
            </select>
          </label>
          <p id="save-note">{note}</p>
        </div>
        {wish.format === "opus" ? <BitRate wish={wish} /> : null}
        <SoundWords wish={wish} />
        <Names wish={wish} bad={bad} />
        <div class="finds" id="save-foretold" role="status">
          <ForetoldLine foretold={foretold} />
        </div>
        <RefusalLine refusal={jobs.refusal.value} />
        <button type="submit" class="key solid" disabled={bad}>
          {foretold !== null && "name" in foretold && foretold.n_tracks > 1 ? "Make the ZIP" : "Make the file"}
        </button>
      </form>
    </Sheet>
  );
}

function BitRate({ wish }: { wish: Wish }) {
  const { jobs } = useApp();
  return (
    <label>
      Bit rate
      <select value={wish.bit_rate} onChange={(event) => jobs.write({ ...wish, bit_rate: Number(event.currentTarget.value) })}>
        {BIT_RATES.map((rate) => (
          <option key={rate} value={rate}>
            {`${rate}${THIN}kbit/s`}
          </option>
        ))}
      </select>
    </label>
  );
}

/** How it will sound: as it does when it is played now. */
function SoundWords({ wish }: { wish: Wish }) {
  const { jobs, reference } = useApp();
  const sound = jobs.sound(wish);
  const like = sound.reference === null ? null : (reference.track.value?.title ?? "another track");
  const said = [
    taste_words(like === null ? sound : { ...sound, target_lufs: undefined }),
    sound.album ? "one gain for the album" : null,
    like === null ? null : `like ${like}`,
  ];
  return (
    <div class="field">
      <p>Sound</p>
      <p class="said">
        As enhanced now: <strong>{said.filter((words) => words !== null).join(", ")}</strong>
      </p>
      {wish.is_mixed ? <p>All of it alike: what is remembered of single tracks is left out.</p> : null}
    </div>
  );
}

/** What the files are called, for those who want it otherwise. */
function Names({ wish, bad }: { wish: Wish; bad: boolean }) {
  const { jobs } = useApp();
  const foretold = jobs.foretold.value;
  return (
    <details class="field">
      <summary>More</summary>
      <label>
        File names
        <input
          value={wish.template}
          spellcheck={false}
          autocomplete="off"
          autocapitalize="none"
          aria-invalid={bad}
          aria-describedby="save-example save-foretold"
          onInput={(event) => jobs.write({ ...wish, template: event.currentTarget.value })}
        />
      </label>
      <p id="save-example">
        {foretold !== null && "name" in foretold ? (
          <>
            {foretold.n_tracks > 1 ? "The first: " : "It will be: "}
            <strong>{foretold.n_tracks > 1 ? foretold.first : foretold.name}</strong>
          </>
        ) : null}
      </p>
      <p>
        A slash begins a folder in a ZIP. What can stand in braces:{" "}
        {FIELDS.map((field) => `{${field}}`).join(" ")}
      </p>
    </details>
  );
}

function ForetoldLine({ foretold }: { foretold: Foretold | null }) {
  if (foretold === null) return <p class="quiet">Looking.</p>;
  if ("message" in foretold) {
    return (
      <p class="fault">
        <Fault /> {foretold.message}
      </p>
    );
  }
  const { name, n_tracks, n_bytes } = foretold;
  return (
    <p class="quiet">
      {n_tracks > 1 ? `A ZIP of ${count(n_tracks, "file", "files")}` : "One file"}, <bdi>{name}</bdi>, of {size(n_bytes)} at most.
    </p>
  );
}

/** Why the server did not take it, in its words, and what to do. */
function RefusalLine({ refusal }: { refusal: Refusal | null }) {
  const { jobs } = useApp();
  if (refusal === null) return null;
  return (
    <p class="refusal" role="alert">
      <span class="fault">
        <Fault /> {refusal.message}
      </span>{" "}
      {refusal.wait_s === null ? null : `It may be asked for again in ${refusal.wait_s}${THIN}s. `}
      {refusal.is_full ? (
        <a class="link" href={to_view("copies")} onClick={() => jobs.write(null)}>
          Show copies
        </a>
      ) : null}
    </p>
  );
}
