/** The deck: what plays, the transport, and in the place of honour whether it is enhanced. */
import { gain } from "../app/words";
import { Heart } from "./heart";
import { Horizon } from "./horizon";
import { useApp, useTint } from "./hooks";
import { Down, Fault, Lyrics, Measuring, Next, Pause, Play, Previous, Queue as QueueLines } from "./icons";
import { AlbumName, Artists } from "./links";
import { Cover, IconButton } from "./parts";
import { Switch } from "./switch";
import { DeskTaste, PocketTaste } from "./taste";
import { WhyBody } from "./why";
import { useSignal } from "@preact/signals";

/** The deck of a desk's width: a bar at the foot of the page. */
export function Deck() {
  return (
    <footer class="deck" aria-label="Player" style={useTint()}>
      <Horizon />
      <div class="deck-row">
        <NowPlaying />
        <Transport />
        <Switch />
        <DeskTaste />
      </div>
    </footer>
  );
}

/** The deck of a phone: a bar that opens into a sheet. */
export function PocketDeck() {
  const { playback, sheet } = useApp();
  const track = playback.track.value;
  return (
    <footer class="deck pocket" aria-label="Player" style={useTint()}>
      <span class={`tone-line ${playback.heard.value}`} />
      <button type="button" class="pocket-open" disabled={!track} onClick={() => (sheet.value = "deck")} aria-haspopup="dialog">
        <Cover track={track} />
        <span class="titles">
          <strong>{track?.title ?? "Nothing playing"}</strong>
          <span class="quiet">{track ? <HeardLine /> : "Choose a track"}</span>
        </span>
        {track ? <span class="sr-only">Open the player</span> : null}
      </button>
      <PlayButton />
      <IconButton label="Next track" disabled={!track} on_click={() => void playback.next()}>
        <Next />
      </IconButton>
    </footer>
  );
}

/** The phone's sheet: the whole deck, and the why as its second tab. */
export function DeckSheet() {
  const { playback, sheet } = useApp();
  const tab = useSignal<"playing" | "why">("playing");
  const track = playback.track.value;
  const tab_button = (name: "playing" | "why", words: string) => (
    <button
      type="button"
      role="tab"
      id={`tab-${name}`}
      aria-selected={tab.value === name}
      aria-controls="deck-tab"
      onClick={() => (tab.value = name)}
    >
      {words}
    </button>
  );
  return (
    <div class="sheet deck-sheet" role="dialog" aria-modal="true" aria-label="Player" style={useTint()}>
      <header>
        <IconButton label="Close the player" on_click={() => (sheet.value = "none")}>
          <Down />
        </IconButton>
        <div role="tablist" class="tabs" aria-label="Player views">
          {tab_button("playing", "Playing")}
          {tab_button("why", "Why")}
        </div>
      </header>
      <div class="sheet-body" role="tabpanel" id="deck-tab" aria-labelledby={`tab-${tab.value}`} tabIndex={0}>
        {tab.value === "why" ? (
          <WhyBody />
        ) : (
          <>
            <div class="big-cover">
              <Cover track={track} px={320} />
            </div>
            <NowPlaying bare />
            <Horizon />
            <Transport />
            <Switch />
            <PocketTaste />
          </>
        )}
      </div>
    </div>
  );
}

function NowPlaying({ bare = false }: { bare?: boolean }) {
  const { playback } = useApp();
  const track = playback.track.value;
  return (
    <div class="now-playing">
      {bare ? null : <Cover track={track} />}
      <div class="titles">
        <strong title={track?.title}>{track?.title ?? "Nothing playing"}</strong>
        <span class="quiet">
          {track ? (
            <>
              <Artists track={track} />
              {track.album === null ? null : " · "}
              <AlbumName track={track} />
            </>
          ) : (
            "Choose a track to hear it enhanced"
          )}
        </span>
        {track ? (
          <span class="heard-line">
            <HeardLine />
          </span>
        ) : null}
      </div>
      {track ? <Heart track={track} /> : null}
    </div>
  );
}

/** One line: what of the track is heard right now. */
function HeardLine() {
  const { playback } = useApp();
  const stats = playback.stats.value;
  const plan = playback.plan.value;
  const track = playback.track.value;
  if (playback.phase.value === "error") {
    return (
      <span class="state fault">
        <Fault /> Failed
      </span>
    );
  }
  if (track && stats.track_id !== track.id) return <span class="state">Paused</span>;
  if (stats.measuring || (track && !track.measured && !plan)) {
    return (
      <span class="state">
        <Measuring /> {track?.state === "failed" ? "Not measured, plays as it is" : "Measuring, plays as it is"}
      </span>
    );
  }
  const matched = (db: number | undefined) => (db === undefined || Math.abs(db) < 0.05 ? "" : `, ${gain(db)}\u2009dB`);
  switch (playback.heard.value) {
    case "enhanced":
      // While comparing, the enhanced is lowered to match: what is left of the promise tells by how much.
      return <span class="state copper">Enhanced{matched(lowered(stats.lufs_out, plan?.promise.lufs))}</span>;
    case "original":
      return <span class="state slate">Original, matched{matched(plan?.compare.original_db)}</span>;
    case "off":
      return <span class="state">Off, the file as it is</span>;
  }
}

function lowered(now: number | null, promised: number | null | undefined): number | undefined {
  return now === null || promised === null || promised === undefined ? undefined : now - promised;
}

function PlayButton() {
  const { playback } = useApp();
  const runs = playback.phase.value === "playing" || playback.phase.value === "loading";
  return (
    <IconButton class="play" label={runs ? "Pause" : "Play"} on_click={() => void playback.toggle()}>
      {runs ? <Pause /> : <Play />}
    </IconButton>
  );
}

function Transport() {
  const { playback, sheet } = useApp();
  const none = playback.track.value === null;
  return (
    <div class="transport" role="group" aria-label="Transport" data-phase={playback.phase.value}>
      <IconButton label="Previous track" disabled={none} on_click={() => void playback.previous()}>
        <Previous />
      </IconButton>
      <PlayButton />
      <IconButton label="Next track" disabled={none} on_click={() => void playback.next()}>
        <Next />
      </IconButton>
      {playback.track.value?.has_lyrics ? (
        <IconButton class="to-queue" label="Lyrics" on_click={() => (sheet.value = "lyrics")}>
          <Lyrics />
        </IconButton>
      ) : null}
      <IconButton class="to-queue" label="Queue" on_click={() => (sheet.value = "queue")}>
        <QueueLines />
      </IconButton>
    </div>
  );
}
