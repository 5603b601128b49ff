/** The list of tracks: as many rows in the document as fit on screen, however long it is. */
import { useComputed, useSignal } from "@preact/signals";
import type { ComponentChildren, RefObject } from "preact";
import type { Entry } from "../app/entry";
import type { Listing } from "../app/listing";
import { order_of, sorts } from "../app/sorts";
import { useDrag } from "./drag";
import { useApp } from "./hooks";
import { Row } from "./row";
import { useWindow } from "./window";

const ROW_PX = 44;
const ROW_POCKET_PX = 56;
const HEAD_PX = 32;

interface TracksProps {
  label: string;
  listing: Listing<Entry>;
  /** What scrolls away above the rows, and the box that scrolls, where that has to be known there. */
  above?: ComponentChildren;
  box?: RefObject<HTMLDivElement | null> | undefined;
  /** Whether rows begin with the track's number: all have one cover. */
  numbered?: boolean;
  /** Whether only the narrowest columns are there. */
  compact?: boolean;
  /** Whether a row is the one that plays; unsaid, the one with that track. */
  plays?(entry: Entry): boolean;
  on_play(row: number): void;
  /** Where rows have an order of the listener's own: puts one before another, or takes one out. */
  on_move?: ((from: number, before: number) => void) | undefined;
  on_remove?: ((row: number) => void) | undefined;
}

export function Tracks({ label, listing, above, box, numbered = false, compact = false, plays, on_play, on_move, on_remove }: TracksProps) {
  const { playback, marks, menu, narrow } = useApp();
  const focused = useSignal(false);
  const row_px = narrow.value ? ROW_POCKET_PX : ROW_PX;
  const at = useWindow(listing, () => row_px, () => 1, box);
  const { cursor } = at;
  const total = listing.total.value;
  /** What of the list lies under its head. */
  const covered = narrow.value || compact ? 0 : HEAD_PX;
  const playing = useComputed(() => playback.track.value?.id ?? null);
  const is_playing = plays ?? (({ track }) => track.id === playing.value);
  const drag = useDrag(at, row_px, total, on_move);
  const name = label.toLowerCase().replace(/\W+/g, "-");

  const open_menu = (row: number, x: number, y: number) => {
    const entry = listing.row(row);
    cursor.value = row;
    const more = on_remove ? [{ words: "Take out", run: () => on_remove(row) }] : [];
    if (entry) menu.value = { x, y, entry, more, back: document.querySelector<HTMLElement>(`#grid-${name}`) };
  };
  /** What the keyboard does with the row under it, beyond going elsewhere. */
  const act = (event: KeyboardEvent): boolean => {
    const row = cursor.value;
    const entry = listing.row(row);
    if (!entry) return false;
    if (event.altKey) {
      const up = event.key === "ArrowUp";
      if (!on_move || (!up && event.key !== "ArrowDown")) return false;
      const to = up ? row - 1 : row + 1;
      if (to < 0 || to >= total) return true;
      on_move(row, up ? to : to + 1);
      at.look_at(to, covered);
      return true;
    }
    if (event.key === "Enter") on_play(row);
    else if (event.key === "Delete" && on_remove) on_remove(row);
    else if (event.key === "ContextMenu" || (event.key === "F10" && event.shiftKey)) {
      const place = document.querySelector(`#${name}-${row}`)?.getBoundingClientRect();
      open_menu(row, (place?.right ?? 0) - 224, place?.bottom ?? 0);
    } else if (event.key === "h" && !event.shiftKey) void marks.set_favorite(entry.track, !marks.of(entry.track).favorite);
    else return false;
    return true;
  };

  const press = (event: KeyboardEvent) => {
    // A column's head has its own use for Enter.
    if (event.ctrlKey || event.metaKey || event.target !== event.currentTarget) return;
    if (act(event)) return event.preventDefault();
    if (event.altKey) return;
    const to = {
      ArrowDown: cursor.value + 1,
      ArrowUp: cursor.value - 1,
      PageDown: cursor.value + at.page(),
      PageUp: cursor.value - at.page(),
      Home: 0,
      End: total - 1,
    }[event.key];
    if (to === undefined) return;
    at.look_at(to, covered);
    event.preventDefault();
  };

  const rows = [];
  for (let i = at.first; i <= at.last; i++) {
    const entry = listing.row(i);
    rows.push(
      <Row
        key={i}
        id={`${name}-${i}`}
        index={i}
        top={i * row_px}
        entry={entry}
        numbered={numbered}
        playing={entry !== undefined && is_playing(entry)}
        at_cursor={focused.value && cursor.value === i}
        on_play={() => {
          cursor.value = i;
          on_play(i);
        }}
        on_menu={(x, y) => open_menu(i, x, y)}
        on_grip={on_move ? (event) => drag.start(event, i) : undefined}
        on_remove={on_remove ? () => on_remove(i) : undefined}
      />,
    );
  }
  return (
    <div class="scroll" ref={at.box}>
      {above}
      <div
        class={`tracks${numbered ? " numbered" : ""}${compact ? " compact" : ""}${on_move ? " sortable" : ""}`}
        id={`grid-${name}`}
        role="grid"
        aria-label={label}
        aria-rowcount={total + 1}
        aria-colcount={6}
        aria-activedescendant={total > 0 ? `${name}-${cursor.value}` : undefined}
        tabIndex={0}
        onKeyDown={press}
        onFocus={() => (focused.value = true)}
        onBlur={() => (focused.value = false)}
      >
        <div class="row head" role="row" aria-rowindex={1}>
          <span role="columnheader" class="c-cover">
            <span class="sr-only">{numbered ? "Number" : "Cover"}</span>
          </span>
          <Head by="title" words="Title" class="c-title" />
          <Head by="album" words="Album" class="c-album" />
          <Head by="lufs" words="Loudness" class="c-loud" />
          <Head by="duration" words="Time" class="c-time" />
          <span role="columnheader" class="c-keys">
            <span class="sr-only">Favourite, more</span>
          </span>
        </div>
        <div class="rows" role="rowgroup" ref={at.rows} style={{ height: `${total * row_px}px` }}>
          {rows}
          {drag.before.value === null ? null : (
            <span role="presentation" class="drop" style={{ transform: `translateY(${drag.before.value * row_px - 1}px)` }} />
          )}
        </div>
      </div>
    </div>
  );
}

/** The head of a column: where the list can be ordered by it a click does so, another turns the order round. */
function Head({ by, words, class: kind }: { by: string; words: string; class: string }) {
  const { browse } = useApp();
  const { place } = browse.screen.value;
  const now = order_of(place);
  if (!sorts(place).some(([known]) => known === by)) {
    return (
      <span role="columnheader" class={kind}>
        {words}
      </span>
    );
  }
  const way = now.by !== by ? "none" : now.descending ? "descending" : "ascending";
  return (
    <span role="columnheader" class={kind} aria-sort={way}>
      <button type="button" onClick={() => browse.order_by(by)}>
        {words}
        <span aria-hidden="true">{way === "none" ? "" : now.descending ? "\u2009↓" : "\u2009↑"}</span>
      </button>
    </span>
  );
}
