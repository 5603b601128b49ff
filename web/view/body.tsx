/** What stands in the middle of the page: a list, a grid, or what stands in their place. */
import type { Statistics } from "../app/api";
import type { Screen } from "../app/browse";
import type { Listing } from "../app/listing";
import { Albums, Names } from "./cells";
import { Copies } from "./copies";
import { Empty, Nothing } from "./empty";
import { FolderScreen, Folders } from "./folders";
import { PageHead } from "./head";
import { useApp } from "./hooks";
import { Tracks } from "./list";
import { OrderChoice } from "./order";
import { PlaylistHead, Playlists } from "./playlists";
import { Found } from "./search";
import { Statistics as StatisticsSheet } from "./statistics";
import { Failed, Missing } from "./trouble";

export function Body() {
  const { browse } = useApp();
  const screen = browse.screen.value;
  const phase = screen.listing.phase.value;
  if (phase.name === "loading") return <Reading />;
  if (phase.name === "failed") {
    return (
      <div class="hint">
        <h2>The list could not be read</h2>
        <p>{phase.problem instanceof Error ? phase.problem.message : "Something failed."}</p>
        <button type="button" class="key" onClick={() => browse.retry()}>
          Try again
        </button>
      </div>
    );
  }
  if (screen.kind === "albums") return screen.listing.total.value > 0 ? <Albums listing={screen.listing} above={<OrderChoice />} /> : <Empty />;
  if (screen.kind === "names") return screen.listing.total.value > 0 ? <Names screen={screen} above={<OrderChoice />} /> : <Empty />;
  if (screen.kind === "playlists") return <Playlists />;
  if (screen.kind === "copies") return <Copies />;
  if (screen.kind === "folders") return <Folders listing={screen.listing} />;
  if (screen.kind === "failed") return <Failed listing={screen.listing} />;
  if (screen.kind === "missing") return <Missing listing={screen.listing} />;
  if (screen.kind === "statistics") return <Figures listing={screen.listing} />;
  return <TrackScreen screen={screen} />;
}

const Reading = () => <p class="hint">Reading the list.</p>;

function Figures({ listing }: { listing: Listing<Statistics> }) {
  const figures = listing.row(0);
  return figures && figures.n_tracks > 0 ? <StatisticsSheet of={figures} /> : <Empty />;
}

const LABELS: Partial<Record<Screen["place"]["view"], string>> = { favourites: "Favourites", history: "History" };

function TrackScreen({ screen }: { screen: Extract<Screen, { kind: "tracks" }> }) {
  const { playback, playlists } = useApp();
  const { listing, place } = screen;
  const head = screen.head.value;
  if (head?.kind === "folder") return <FolderScreen of={head.of} listing={listing} />;
  if (place.view === "folder") return <Reading />;
  const above = (
    <>
      {head?.kind === "playlist" ? <PlaylistHead of={head.of} listing={listing} /> : head ? <PageHead head={head} listing={listing} /> : null}
      {screen.found.value ? <Found found={screen.found.value} /> : null}
      <OrderChoice quick={place.view === "tracks" && place.q === ""} />
    </>
  );
  if (listing.total.value === 0) {
    return (
      <div class="nothing">
        {head?.kind === "playlist" ? above : null}
        <Nothing screen={screen} />
      </div>
    );
  }
  const own = head?.kind === "playlist" && head.of.rule === null ? head.of.id : null;
  const item = (row: number) => listing.row(row)?.item ?? null;
  const move = (from: number, before: number) => {
    const moved = item(from);
    if (own !== null && moved !== null) void listing.at(before).then((next) => playlists.move(own, moved, next?.item ?? null));
  };
  const remove = (row: number) => {
    const gone = item(row);
    if (own !== null && gone !== null) void playlists.take_out(own, gone);
  };
  return (
    <Tracks
      label={LABELS[place.view] ?? "Tracks"}
      listing={listing}
      above={above}
      numbered={place.view === "album"}
      on_play={(row) => void playback.play_row(listing, row)}
      on_move={own === null ? undefined : move}
      on_remove={own === null ? undefined : remove}
    />
  );
}
