/** The queue as a sheet: what plays next, in an order that can be changed. */
import { useRef } from "preact/hooks";
import type { Repeat as How } from "../app/api";
import { count } from "../app/words";
import { useApp, useHold } from "./hooks";
import { Radio, Repeat, Shuffle, Undo } from "./icons";
import { Tracks } from "./list";
import { TrackMenu } from "./menu";
import { Sheet } from "./sheet";

/** How it is repeated, if at all. */
const HOWS: readonly Exclude<How, "radio">[] = ["off", "all", "one"];

export function QueueSheet({ on_close }: { on_close(): void }) {
  const { queue, playback, menu } = useApp();
  const sheet = useRef<HTMLDivElement>(null);
  const state = queue.state.value;
  const { listing } = queue;
  useHold(() => {
    const list = sheet.current?.querySelector<HTMLElement>(".tracks");
    (list ?? sheet.current?.querySelector<HTMLElement>("button"))?.focus();
  });
  const item = (row: number) => listing.row(row)?.item ?? null;
  const move = (from: number, before: number) => {
    const moved = item(from);
    if (moved !== null) void listing.at(before).then((next) => queue.move(moved, next?.item ?? null));
  };
  const remove = (row: number) => {
    const gone = item(row);
    if (gone !== null) void queue.remove(gone);
  };
  const playing = playback.item.value;
  return (
    <Sheet
      name="queue"
      title="Queue"
      beside={
        <p class="quiet" role="status">
          {state.total === 0 ? "" : state.at_index === null ? count(state.total, "track", "tracks") : `${state.at_index + 1} of ${count(state.total, "track", "tracks")}`}
        </p>
      }
      box={sheet}
      on_close={on_close}
    >
      <Keys />
      {state.total === 0 ? (
        <div class="hint">
          <h2>Nothing is queued</h2>
          <p>What you play brings its list here; a row's menu adds to it.</p>
        </div>
      ) : (
        <Tracks
          label="Queue"
          listing={listing}
          compact
          plays={(entry) => entry.item === playing}
          on_play={(row) => void listing.at(row).then((entry) => entry && playback.play_item(entry))}
          on_move={move}
          on_remove={remove}
        />
      )}
      {menu.value ? <TrackMenu menu={menu.value} /> : null}
    </Sheet>
  );
}

/** Shuffle, repeat, radio and undo. */
function Keys() {
  const { queue } = useApp();
  const { shuffled, repeat, can_undo, total } = queue.state.value;
  const is_radio = repeat === "radio";
  const how = is_radio ? "off" : repeat;
  const next = HOWS[(HOWS.indexOf(how) + 1) % HOWS.length] ?? "off";
  return (
    <div class="queue-keys" role="group" aria-label="Order">
      <button type="button" class="key" aria-pressed={shuffled} disabled={total === 0} onClick={() => void queue.shuffle(!shuffled)}>
        <Shuffle /> Shuffle
      </button>
      <button type="button" class="key" aria-pressed={how !== "off"} aria-label={`Repeat: ${how}. Change to ${next}`} onClick={() => void queue.repeat(next)}>
        <Repeat one={how === "one"} /> {{ off: "Repeat", all: "Repeat all", one: "Repeat one" }[how]}
      </button>
      <button
        type="button"
        class="key"
        aria-pressed={is_radio}
        title="At its end, what sounds like the last track goes on"
        onClick={() => void queue.repeat(is_radio ? "off" : "radio")}
      >
        <Radio /> Radio
      </button>
      <button type="button" class="key" disabled={!can_undo} onClick={() => void queue.undo()}>
        <Undo /> Undo
      </button>
    </div>
  );
}
