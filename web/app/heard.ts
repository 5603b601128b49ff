/**
 * What was heard of each track, told to the server: once it counts, at the end, and when the page goes away.
 * What cannot be told waits in this browser until it can. Told twice it counts once: each play has an id.
 */
import { effect } from "@preact/signals";
import * as api from "./api";
import type { Library } from "./library";
import type { Playback } from "./playback";
import type { Scope } from "./scope";

/** A track counts when half of it was heard, or so much of it, in seconds. */
const ENOUGH_S = 240;
/** What was heard for less is not worth remembering. */
const LEAST_S = 5;
/** How often it is looked whether a play counts now, in ms. */
const LOOK_MS = 1000;
/** Before this stands the id of a play that waits to be told. */
const KEY = "auralis.heard.";

interface Playing {
  id: string;
  track: api.Track;
  /** When it began, in seconds since 1970. */
  at: number;
  heard_ms: number;
  /** Since when it sounds, by the page's clock; null: it does not. */
  since: number | null;
  told: boolean;
}

export function heard(playback: Playback, library: Library, scope: Scope): void {
  let now: Playing | null = null;
  const time = () => performance.now();

  function begin(track: api.Track): void {
    const sounds = playback.phase.peek() === "playing";
    now = { id: random_id(), track, at: Math.floor(Date.now() / 1000), heard_ms: 0, since: sounds ? time() : null, told: false };
  }

  const heard_s = (play: Playing) => (play.heard_ms + (play.since === null ? 0 : time() - play.since)) / 1000;
  const counts = (play: Playing) => heard_s(play) >= Math.min(ENOUGH_S, play.track.duration_s / 2);

  /** Tells how much was heard of a play; at its end, if it was worth it. */
  function tell(play: Playing, leaving = false): void {
    if (!counts(play) && heard_s(play) < LEAST_S) return;
    play.told = true;
    const said: api.Heard = { track_id: play.track.id, at: play.at, listened_s: Math.round(heard_s(play) * 10) / 10 };
    if (leaving) api.leave_heard(play.id, said);
    keep(play.id, said);
    if (!leaving) void send(play.id, said);
  }

  async function send(id: string, said: api.Heard): Promise<void> {
    try {
      await api.put_heard(id, said, scope.signal);
    } catch (problem) {
      // What the server will not have is not told again.
      if (!(problem instanceof api.Problem) || problem.next !== "mend") return;
    }
    if (is_kept(id, said)) forget(id);
  }

  /** Tells what could not be told before. */
  function send_kept(): void {
    for (const [id, said] of kept()) void send(id, said);
  }

  scope.own(
    effect(() => {
      void playback.turn.value;
      const track = playback.track.peek();
      if (now) tell(now);
      if (track) begin(track);
    }),
  );
  scope.own(
    effect(() => {
      const sounds = playback.phase.value === "playing";
      if (!now || sounds === (now.since !== null)) return;
      now.heard_ms = heard_s(now) * 1000;
      now.since = sounds ? time() : null;
    }),
  );
  scope.interval(LOOK_MS, () => {
    if (now && !now.told && counts(now)) tell(now);
  });
  scope.listen(window, "pagehide", () => {
    if (now) tell(now, true);
  });
  scope.own(library.on_return(send_kept));
  scope.listen(window, "online", send_kept);
  send_kept();
}

/** Off https there is no `randomUUID`. */
function random_id(): string {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

function keep(id: string, said: api.Heard): void {
  try {
    localStorage.setItem(KEY + id, JSON.stringify(said));
  } catch {
    // A browser that keeps nothing tells what it can at once.
  }
}

/** Whether nothing newer waits to be told of this play. */
function is_kept(id: string, said: api.Heard): boolean {
  return kept().some(([other, waiting]) => other === id && waiting.listened_s === said.listened_s);
}

function forget(id: string): void {
  localStorage.removeItem(KEY + id);
}

function kept(): [string, api.Heard][] {
  try {
    const keys = Object.keys(localStorage).filter((key) => key.startsWith(KEY));
    return keys.map((key) => [key.slice(KEY.length), JSON.parse(localStorage.getItem(key) ?? "null") as api.Heard]);
  } catch {
    return [];
  }
}
