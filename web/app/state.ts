/** The app: its rooms put together, in the order in which they need each other. */
import { signal } from "@preact/signals";
import type { Engine } from "../audio/engine";
import { type Doors, keys } from "./keys";
import { library } from "./library";
import { playback } from "./playback";
import { reference } from "./reference";
import type { Scope } from "./scope";
import { session } from "./session";
import { settings } from "./settings";

/** What lies over the page: the deck as a sheet (phones), the help, the choice of a reference, or nothing. */
export type Sheet = "none" | "deck" | "help" | "reference";

export type App = ReturnType<typeof state>;

export function state(engine: Engine, scope: Scope) {
  const kept = settings(scope);
  const tracks = library(scope);
  const player = playback(engine, tracks, kept, scope);
  const like = reference(tracks, player, kept, scope);
  const sheet = signal<Sheet>("none");
  const narrow = signal(false);
  scope.media("(max-width: 719px)", (matches) => (narrow.value = matches));
  const doors: Doors = {
    // The header hangs its own filter here.
    focus_filter: () => {},
    toggle_help: () => {
      sheet.value = sheet.peek() === "help" ? "none" : "help";
    },
  };
  keys(player, kept, doors, scope);
  session(player, scope);
  return {
    scope,
    settings: kept,
    library: tracks,
    playback: player,
    reference: like,
    sheet,
    /** Whether the window is a phone's. */
    narrow,
    doors,
  };
}
