/** One row of a list of tracks. */
import type { Track } from "../app/api";
import type { Entry } from "../app/entry";
import { clock, figure, moment } from "../app/words";
import { Heart } from "./heart";
import { Close, Dots, Fault, Grip, Measuring } from "./icons";
import { AlbumName, Artists } from "./links";
import { Cover } from "./parts";

/** So far to the left of its key a menu opens, in px: over the row. */
const MENU_PX = 172;

interface RowProps {
  id: string;
  index: number;
  top: number;
  entry: Entry | undefined;
  numbered: boolean;
  playing: boolean;
  at_cursor: boolean;
  on_play(): void;
  /** Opens the row's menu at a place on screen. */
  on_menu(x: number, y: number): void;
  /** Where rows can be put elsewhere and taken out. */
  on_grip?: ((event: PointerEvent) => void) | undefined;
  on_remove?: (() => void) | undefined;
}

export function Row({ id, index, top, entry, numbered, playing, at_cursor, on_play, on_menu, on_grip, on_remove }: RowProps) {
  const mark = `${playing ? " playing" : ""}${at_cursor ? " at-cursor" : ""}`;
  const track = entry?.track;
  return (
    <div
      class={`row${mark}`}
      id={id}
      role="row"
      aria-rowindex={index + 2}
      aria-selected={playing}
      data-track={track?.id}
      style={{ transform: `translateY(${top}px)` }}
      onClick={on_play}
      onContextMenu={(event) => {
        if (!track) return;
        event.preventDefault();
        on_menu(event.clientX, event.clientY);
      }}
    >
      <span role="gridcell" class="c-cover">
        {on_grip ? (
          <button
            type="button"
            class="grip"
            tabIndex={-1}
            aria-label={`Put ${track?.title ?? ""} elsewhere`}
            title="Drag, or Alt ↑ ↓"
            onClick={(event) => event.stopPropagation()}
            onPointerDown={on_grip}
          >
            <Grip />
          </button>
        ) : null}
        {numbered ? <span class="figure quiet">{track?.track_no ?? "–"}</span> : <Cover track={track ?? null} />}
      </span>
      <span role="gridcell" class="c-title titles">
        <strong>{track?.title ?? ""}</strong>
        <span class="quiet">
          {track ? <State track={track} /> : null}
          {track ? <Artists track={track} apart /> : null}
        </span>
      </span>
      <span role="gridcell" class="c-album quiet">
        {track ? <AlbumName track={track} apart /> : null}
      </span>
      <span role="gridcell" class="c-loud">
        {track === undefined ? null : entry?.at != null ? (
          <span class="figure quiet">{moment(entry.at)}</span>
        ) : track.lufs === null ? null : (
          <LoudnessTick lufs={track.lufs} />
        )}
      </span>
      <span role="gridcell" class="c-time figure">
        {track ? clock(track.duration_s) : ""}
      </span>
      <span role="gridcell" class="c-keys" onClick={(event) => event.stopPropagation()}>
        {track ? <Heart track={track} apart /> : null}
        {on_remove ? (
          <button type="button" class="icon-button" tabIndex={-1} aria-label={`Take ${track?.title ?? ""} out`} title="Take out" onClick={on_remove}>
            <Close />
          </button>
        ) : null}
        {track ? (
          <button
            type="button"
            class="icon-button"
            tabIndex={-1}
            aria-haspopup="menu"
            aria-label={`More of ${track.title}`}
            title="More"
            onClick={(event) => {
              const { left, bottom } = event.currentTarget.getBoundingClientRect();
              on_menu(left - MENU_PX, bottom);
            }}
          >
            <Dots />
          </button>
        ) : null}
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
