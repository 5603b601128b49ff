/** The player as the system shows it: media keys, lock screen, the tab's title and icon. */
import { effect } from "@preact/signals";
import * as api from "./api";
import type { Playback } from "./playback";
import type { Scope } from "./scope";
import { artists } from "./words";

export function session(playback: Playback, scope: Scope): void {
  scope.own(
    effect(() => {
      const track = playback.track.value;
      document.title = track ? `${track.title} · ${artists(track.artists)}` : "Auralis";
      const icon = document.querySelector<HTMLLinkElement>("link[rel=icon]");
      if (icon) icon.href = track?.measured ? api.aura(track.id) : "/icon.svg";
    }),
  );
  if (!("mediaSession" in navigator)) return;
  const media = navigator.mediaSession;

  scope.own(
    effect(() => {
      const track = playback.track.value;
      media.metadata = track
        ? new MediaMetadata({
            title: track.title,
            artist: artists(track.artists),
            album: track.album ?? "",
            artwork: [{ src: api.artwork(track.id, 256) }],
          })
        : null;
    }),
  );
  const anchor = new Audio("/silence.wav");
  anchor.loop = true;
  scope.own(() => anchor.pause());
  scope.own(
    effect(() => {
      // Chromium shows its controls only while a media element plays, and sound from a worklet is none:
      // a silent one stands in for it.
      const sounds = playback.phase.value === "playing" && playback.stats.value.mode !== "stream";
      if (sounds) void anchor.play().catch(() => {});
      else anchor.pause();
    }),
  );
  scope.own(
    effect(() => {
      const phase = playback.phase.value;
      media.playbackState = phase === "playing" || phase === "loading" ? "playing" : phase === "idle" ? "none" : "paused";
      tell_position();
    }),
  );
  // The system runs its own clock between these; once a second keeps it honest after seeks.
  scope.interval(1000, () => {
    if (playback.phase.peek() === "playing") tell_position();
  });

  function tell_position(): void {
    const track = playback.track.peek();
    if (!track || track.duration_s <= 0) return;
    const position = Math.min(playback.position_frames.peek() / track.sample_rate, track.duration_s);
    media.setPositionState?.({ duration: track.duration_s, position, playbackRate: 1 });
  }

  const handle = (action: MediaSessionAction, run: MediaSessionActionHandler) => {
    try {
      media.setActionHandler(action, run);
      scope.own(() => media.setActionHandler(action, null));
    } catch {
      // A browser that does not know the action simply does not offer it.
    }
  };
  handle("play", () => void playback.toggle());
  handle("pause", () => void playback.pause());
  handle("nexttrack", () => void playback.next());
  handle("previoustrack", () => void playback.previous());
  handle("seekbackward", (said) => void playback.seek_by(-(said.seekOffset ?? 10)));
  handle("seekforward", (said) => void playback.seek_by(said.seekOffset ?? 10));
  handle("seekto", (said) => {
    const track = playback.track.peek();
    if (track && said.seekTime !== undefined) void playback.seek(said.seekTime * track.sample_rate);
  });
}
