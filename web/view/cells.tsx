/** Albums as a grid of covers, artists and genres as rows: one key of Tab each, arrows within. */
import type { ComponentChildren, RefObject } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";
import type { Album, Artist, Genre } from "../app/api";
import type { Screen } from "../app/browse";
import type { Listing } from "../app/listing";
import { to_one } from "../app/place";
import { clock, count } from "../app/words";
import { useApp } from "./hooks";
import { Cover } from "./parts";
import { useWindow } from "./window";

/** Narrowest cover, and what lies between two, in px. */
const COVER_PX = 152;
const COVER_POCKET_PX = 140;
const GAP_PX = 24;
/** The two lines under a cover, and the space above them. */
const LINES_PX = 48;
const NAME_PX = 44;
const NAME_POCKET_PX = 56;

/** Makes what takes the keyboard in a cell one key of Tab for all cells: the others are reached by arrows. */
export interface CellKey {
  "data-cell": number;
  tabIndex: number;
  onFocus(): void;
}

interface RowsProps<T> {
  listing: Listing<T>;
  label: string;
  class: string;
  /** Of a row and its margin, and of the items in it, in a box so wide. */
  row_px(width: number): number;
  per_row(width: number): number;
  cell(item: T, key: CellKey): ComponentChildren;
}

/** Cells in a box of their own. */
export function Cells<T>({ above, ...rows }: RowsProps<T> & { above: ComponentChildren }) {
  const box = useRef<HTMLDivElement>(null);
  return (
    <div class="scroll" ref={box}>
      {above}
      <CellRows {...rows} box={box} />
    </div>
  );
}

/** Cells in a box that they may share. */
export function CellRows<T>({ listing, label, class: kind, row_px, per_row, cell, box }: RowsProps<T> & { box: RefObject<HTMLDivElement | null> }) {
  const at = useWindow(listing, row_px, per_row, box);
  /** Whether the keyboard goes to the cursor as soon as that is in the document. */
  const follows = useRef(false);
  const total = listing.total.value;
  const [px, n] = [row_px(at.width.value), per_row(at.width.value)];
  // What was under the keyboard may be gone: then the last one is.
  const cursor = Math.max(0, Math.min(at.cursor.value, total - 1));
  const has_keyboard = () => at.rows.current?.contains(document.activeElement) ?? false;
  const had_keyboard = has_keyboard();
  useLayoutEffect(() => {
    // Also when what had it has left the list.
    const wanted = follows.current || (had_keyboard && !has_keyboard());
    const cell = wanted ? at.rows.current?.querySelector<HTMLElement>(`[data-cell="${cursor}"]`) : null;
    if (!cell) return;
    follows.current = false;
    cell.focus({ preventScroll: true });
  });
  const press = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const across: Record<string, number> = n > 1 ? { ArrowRight: cursor + 1, ArrowLeft: cursor - 1 } : {};
    const steps: Record<string, number> = {
      ...across,
      ArrowDown: Math.floor(cursor / n) < Math.floor((total - 1) / n) ? cursor + n : cursor,
      ArrowUp: cursor - n < 0 ? cursor : cursor - n,
      PageDown: cursor + at.page() * n,
      PageUp: cursor - at.page() * n,
      Home: 0,
      End: total - 1,
    };
    const to = steps[event.key];
    if (to === undefined) return;
    follows.current = true;
    at.look_at(to);
    event.preventDefault();
  };
  const cells = [];
  for (let i = at.first; i <= at.last; i++) {
    const item = listing.row(i);
    const place = { transform: `translateY(${Math.floor(i / n) * px}px)`, "--column": String(i % n) };
    const key = { "data-cell": i, tabIndex: i === cursor ? 0 : -1, onFocus: () => (at.cursor.value = i) };
    cells.push(
      <li key={i} class="cell" style={place} aria-setsize={total} aria-posinset={i + 1}>
        {item === undefined ? null : cell(item, key)}
      </li>,
    );
  }
  return (
    <div ref={at.rows} class="cells-box" style={{ height: `${Math.ceil(total / n) * px}px` }}>
      <ul class={kind} aria-label={label} style={{ "--n": String(n) }} onKeyDown={press}>
        {cells}
      </ul>
    </div>
  );
}

export function Albums({ listing, above }: { listing: Listing<Album>; above: ComponentChildren }) {
  const { narrow } = useApp();
  const pocket = narrow.value;
  const [margin, gap] = pocket ? [16, 16] : [24, GAP_PX];
  const per_row = (width: number) => Math.max(2, Math.floor((width - 2 * margin + gap) / ((pocket ? COVER_POCKET_PX : COVER_PX) + gap)));
  const row_px = (width: number) => Math.floor((width - 2 * margin + gap) / per_row(width)) + LINES_PX;
  return (
    <Cells
      listing={listing}
      label="Albums"
      class="albums"
      above={above}
      row_px={row_px}
      per_row={per_row}
      cell={(album, key) => (
        <a href={to_one("album", album.id)} draggable={false} {...key}>
          <AlbumCell album={album} />
        </a>
      )}
    />
  );
}

/** A cover with two lines beneath. */
export function AlbumCell({ album }: { album: Album }) {
  return (
    <>
      <Cover track={{ id: album.artwork_track_id, measured: true }} px={256} />
      <strong>{album.title}</strong>
      <span class="quiet">
        <bdi>{album.artist ?? "Several artists"}</bdi>
        {album.year === null ? "" : ` · ${album.year}`}
      </span>
    </>
  );
}

export function Names({ screen, above }: { screen: Extract<Screen, { kind: "names" }>; above: ComponentChildren }) {
  const { narrow } = useApp();
  const px = narrow.value ? NAME_POCKET_PX : NAME_PX;
  const kind = screen.place.view === "artists" ? "artist" : "genre";
  return (
    <Cells<Artist | Genre>
      listing={screen.listing}
      label={kind === "artist" ? "Artists" : "Genres"}
      class="names"
      above={above}
      row_px={() => px}
      per_row={() => 1}
      cell={(one, key) => (
        <a href={to_one(kind, one.id)} draggable={false} {...key}>
          <Cover track={{ id: one.artwork_track_id, measured: true }} />
          <strong>{one.name}</strong>
          <span class="quiet n-albums">{count(one.n_albums, "album", "albums")}</span>
          <span class="quiet n-tracks">{count(one.n_tracks, "track", "tracks")}</span>
          <span class="figure quiet">{clock(one.duration_s)}</span>
        </a>
      )}
    />
  );
}
