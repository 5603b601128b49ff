/** The keyboard: one table of shortcuts, heard everywhere but where one types. */
import type { Marks } from "./marks";
import type { Playback } from "./playback";
import type { Scope } from "./scope";
import type { Settings } from "./settings";

export interface Shortcut {
  /** What is pressed, as a person would say it. */
  keys: string;
  does: string;
}

/** What the help shows, in its order. */
export const SHORTCUTS: readonly Shortcut[] = [
  { keys: "Space or K", does: "Play or pause" },
  { keys: "← →", does: "Back or on by 5 seconds; with Shift by 30" },
  { keys: "Ctrl ← or P", does: "Previous track" },
  { keys: "Ctrl → or N", does: "Next track" },
  { keys: "0 – 9", does: "To 0 % … 90 % of the track" },
  { keys: "E", does: "Enhanced or original" },
  { keys: "A or B, held", does: "Hear the other one while held" },
  { keys: "↑ ↓", does: "Volume; in the list, the row" },
  { keys: "M", does: "Mute" },
  { keys: "/", does: "Search" },
  { keys: "H", does: "Make it a favourite; in the list, the row" },
  { keys: "Q", does: "The queue" },
  { keys: "L", does: "The lyrics" },
  { keys: "Alt ↑ ↓, Del", does: "In the queue: put a row elsewhere, take it out" },
  { keys: "Shift F10", does: "In the list: what else can be done with the row" },
  { keys: "W", does: "Fold the why panel" },
  { keys: "?", does: "This help" },
];

/** What the keyboard opens beyond the player. */
export interface Doors {
  focus_search: () => void;
  /** Opens a sheet, or closes it. */
  toggle: (sheet: "help" | "queue" | "lyrics") => void;
}

const VOLUME_STEP = 0.05;

export function keys(playback: Playback, marks: Marks, settings: Settings, doors: Doors, scope: Scope): void {
  let comparing = false;
  const let_go = () => {
    if (comparing) void playback.compare(false);
    comparing = false;
  };

  scope.listen<KeyboardEvent>(window, "keydown", (event) => {
    if (event.defaultPrevented || event.altKey || taken(event)) return;
    if (press(event)) event.preventDefault();
  });
  scope.listen<KeyboardEvent>(window, "keyup", (event) => {
    if (/^[ab]$/i.test(event.key)) let_go();
  });
  scope.listen(window, "blur", let_go);

  function press(event: KeyboardEvent): boolean {
    const jump = event.ctrlKey || event.metaKey;
    const far = event.shiftKey ? 30 : 5;
    const by = (ratio: number) => settings.volume.peek() + ratio;
    switch (event.key) {
      case "ArrowLeft":
        void (jump ? playback.previous() : playback.seek_by(-far));
        return true;
      case "ArrowRight":
        void (jump ? playback.next() : playback.seek_by(far));
        return true;
      case "ArrowUp":
        if (!jump) playback.set_volume(by(VOLUME_STEP));
        return !jump;
      case "ArrowDown":
        if (!jump) playback.set_volume(by(-VOLUME_STEP));
        return !jump;
      case " ":
        if (!event.repeat) void playback.toggle();
        return true;
      default:
        return !jump && settings.letters.peek() && letter(event);
    }
  }

  function letter(event: KeyboardEvent): boolean {
    const on_deck = playback.track.peek();
    if (/^[0-9]$/.test(event.key)) {
      if (on_deck) void playback.seek((Number(event.key) / 10) * on_deck.duration_s * on_deck.sample_rate);
      return true;
    }
    if (event.repeat) return /^[ab]$/i.test(event.key);
    switch (event.key.toLowerCase()) {
      case "k":
        void playback.toggle();
        return true;
      case "n":
        void playback.next();
        return true;
      case "p":
        void playback.previous();
        return true;
      case "m":
        playback.mute();
        return true;
      case "e":
        void playback.set_mode(playback.mode.peek() === "enhanced" ? "original" : "enhanced");
        return true;
      case "a":
      case "b":
        comparing = true;
        void playback.compare(true);
        return true;
      case "h":
        if (on_deck) void marks.set_favorite(on_deck, !marks.of(on_deck).favorite);
        return true;
      case "q":
        doors.toggle("queue");
        return true;
      case "l":
        doors.toggle("lyrics");
        return true;
      case "w":
        settings.why.value = !settings.why.peek();
        return true;
      case "/":
        doors.focus_search();
        return true;
      case "?":
        doors.toggle("help");
        return true;
      default:
        return false;
    }
  }
}

/** Whether the focused element has its own use for this key. */
function taken(event: KeyboardEvent): boolean {
  const target = event.target;
  if (!(target instanceof HTMLElement)) return false;
  if (target.isContentEditable || target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement) return true;
  if (target instanceof HTMLInputElement) {
    return target.type !== "range" || event.key.startsWith("Arrow");
  }
  return event.key === " " && target.closest("button, summary, a") !== null;
}
