/** The list of tracks: as many rows in the document as fit on screen, however long it is. */
import { useComputed, useSignal, useSignalEffect } from "@preact/signals";
import { useRef } from "preact/hooks";
import type { Column, Track } from "../app/api";
import { artists, clock, figure } from "../app/words";
import { useApp, useHold } from "./hooks";
import { Fault, Measuring } from "./icons";
import { Cover } from "./parts";

export const ROW_PX = 44;
const ROW_POCKET_PX = 56;
/** Rows kept beyond either edge of the window. */
const SPARE = 8;

export function Tracks() {
  const { library, playback, narrow } = useApp();
  const box = useRef<HTMLDivElement>(null);
  const top = useSignal(0);
  const height = useSignal(600);
  /** The row under the keyboard. */
  const cursor = useSignal(0);
  const focused = useSignal(false);

  const listing = library.listing.value;
  const total = listing.total.value;
  const row_px = narrow.value ? ROW_POCKET_PX : ROW_PX;
  const first = Math.max(0, Math.floor(top.value / row_px) - SPARE);
  const last = Math.min(total - 1, Math.ceil((top.value + height.value) / row_px) + SPARE);

  useHold((scope) => {
    if (!box.current) return;
    scope.size(box.current, (_, now) => (height.value = now));
  });
  useSignalEffect(() => {
    const shown = library.listing.value;
    cursor.value = 0;
    void shown;
    if (box.current) box.current.scrollTop = 0;
  });
  useSignalEffect(() => {
    // Follows scrolling and new lists alike; what is there already is not asked for again.
    const shown = library.listing.value;
    const px = narrow.value ? ROW_POCKET_PX : ROW_PX;
    const from = Math.max(0, Math.floor(top.value / px) - SPARE);
    if (shown.total.value > 0) {
      shown.show(from, Math.min(shown.total.value - 1, Math.ceil((top.value + height.value) / px) + SPARE));
    }
  });
  const playing = useComputed(() => playback.track.value?.id ?? null);

  const look_at = (row: number) => {
    const now = Math.min(Math.max(0, row), total - 1);
    cursor.value = now;
    const el = box.current;
    if (!el) return;
    const head = narrow.value ? 0 : 32;
    if (now * row_px < el.scrollTop) el.scrollTop = now * row_px;
    else if ((now + 1) * row_px + head > el.scrollTop + el.clientHeight) el.scrollTop = (now + 1) * row_px + head - el.clientHeight;
  };
  const press = (event: KeyboardEvent) => {
    // A column's head has its own use for Enter.
    if (event.ctrlKey || event.metaKey || event.altKey || event.target !== event.currentTarget) return;
    const page = Math.max(1, Math.floor(height.value / row_px) - 2);
    const to = {
      ArrowDown: cursor.value + 1,
      ArrowUp: cursor.value - 1,
      PageDown: cursor.value + page,
      PageUp: cursor.value - page,
      Home: 0,
      End: total - 1,
    }[event.key];
    if (to !== undefined) look_at(to);
    else if (event.key === "Enter") void playback.play_row(listing, cursor.value);
    else return;
    event.preventDefault();
  };

  const rows = [];
  for (let i = first; i <= last; i++) {
    const track = listing.row(i);
    rows.push(
      <Row
        key={track?.id ?? `empty-${i}`}
        index={i}
        top={i * row_px}
        track={track}
        playing={track !== undefined && track.id === playing.value}
        at_cursor={focused.value && cursor.value === i}
        on_play={() => {
          cursor.value = i;
          void playback.play_row(listing, i);
        }}
      />,
    );
  }
  return (
    <div
      ref={box}
      class="tracks"
      role="grid"
      aria-label="Tracks"
      aria-rowcount={total + 1}
      aria-colcount={5}
      aria-activedescendant={total > 0 ? `row-${cursor.value}` : undefined}
      tabIndex={0}
      onScroll={(event) => (top.value = event.currentTarget.scrollTop)}
      onKeyDown={press}
      onFocus={() => (focused.value = true)}
      onBlur={() => (focused.value = false)}
    >
      <div class="row head" role="row" aria-rowindex={1}>
        <span role="columnheader" class="c-cover">
          <span class="sr-only">Cover</span>
        </span>
        <Head column="title" words="Title" class="c-title" />
        <Head column="album" words="Album" class="c-album" />
        <Head column="loudness" words="Loudness" class="c-loud" />
        <Head column="duration" words="Time" class="c-time" />
      </div>
      <div class="rows" role="rowgroup" style={{ height: `${total * row_px}px` }}>
        {rows}
      </div>
    </div>
  );
}

/** The head of a column: a click orders by it, another turns the order round. */
function Head({ column, words, class: kind }: { column: Column; words: string; class: string }) {
  const { library } = useApp();
  const { by, descending } = library.order.value;
  const way = by !== column ? "none" : descending ? "descending" : "ascending";
  return (
    <span role="columnheader" class={kind} aria-sort={way}>
      <button type="button" onClick={() => library.order_by(column)}>
        {words}
        <span aria-hidden="true">{way === "none" ? "" : descending ? "\u2009↓" : "\u2009↑"}</span>
      </button>
    </span>
  );
}

interface RowProps {
  index: number;
  top: number;
  track: Track | undefined;
  playing: boolean;
  at_cursor: boolean;
  on_play(): void;
}

function Row({ index, top, track, playing, at_cursor, on_play }: RowProps) {
  const mark = `${playing ? " playing" : ""}${at_cursor ? " at-cursor" : ""}`;
  return (
    <div
      class={`row${mark}`}
      id={`row-${index}`}
      role="row"
      aria-rowindex={index + 2}
      aria-selected={playing}
      data-track={track?.id}
      style={{ transform: `translateY(${top}px)` }}
      onClick={on_play}
    >
      <span role="gridcell" class="c-cover">
        <Cover track={track ?? null} />
      </span>
      <span role="gridcell" class="c-title titles">
        <strong>{track?.title ?? ""}</strong>
        <span class="quiet">
          {track ? <State track={track} /> : null}
          {track ? artists(track.artists) : ""}
        </span>
      </span>
      <span role="gridcell" class="c-album quiet">
        {track?.album ?? ""}
      </span>
      <span role="gridcell" class="c-loud">
        {track?.lufs === null || track === undefined ? null : <LoudnessTick lufs={track.lufs} />}
      </span>
      <span role="gridcell" class="c-time figure">
        {track ? clock(track.duration_s) : ""}
      </span>
    </div>
  );
}

function State({ track }: { track: Track }) {
  switch (track.state) {
    case "failed":
      return (
        <span class="state fault" title={track.fault ?? undefined}>
          <Fault /> Failed
        </span>
      );
    case "missing":
      return (
        <span class="state fault">
          <Fault /> File missing
        </span>
      );
    case "measuring":
    case "waiting":
      return (
        <span class="state">
          <Measuring /> {track.state === "measuring" ? "Measuring" : "Not measured yet"}
        </span>
      );
    case "measured":
      return null;
  }
}

/** The scale of the loudness tick, in LUFS. */
const QUIETEST = -36;
const LOUDEST = -4;

/** Where a track's loudness stands on a tiny scale. */
function LoudnessTick({ lufs }: { lufs: number }) {
  const share = Math.min(1, Math.max(0, (lufs - QUIETEST) / (LOUDEST - QUIETEST)));
  return (
    <span class="loudness" title={`${figure(lufs)} LUFS`}>
      <span class="scale" aria-hidden="true" style={{ "--share": `${(share * 100).toFixed(1)}%` }} />
      <span class="figure">{figure(lufs)}</span>
      <span class="sr-only"> LUFS</span>
    </span>
  );
}
