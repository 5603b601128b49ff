/** What stands where there is nothing, and what to do about it. */
import type { Screen } from "../app/browse";
import { useApp } from "./hooks";
import { Found } from "./search";
import { reading } from "./tally";

/** Why a list of tracks has none. */
export function Nothing({ screen }: { screen: Extract<Screen, { kind: "tracks" }> }) {
  const { browse } = useApp();
  const { q, view } = screen.place;
  if (q !== "") {
    return (
      <>
        {screen.found.value ? <Found found={screen.found.value} /> : null}
        <div class="hint">
          <h2>No track has “{q}”</h2>
          <p>Words are looked for in titles, artists, albums, genres and lyrics.</p>
          <button type="button" class="key" onClick={() => browse.search("")}>
            Clear the search
          </button>
        </div>
      </>
    );
  }
  if (view === "favourites") {
    return (
      <div class="hint">
        <h2>No favourites yet</h2>
        <p>The heart beside a track, or H while it plays, keeps it here.</p>
      </div>
    );
  }
  if (view === "playlist") {
    return (
      <div class="hint">
        <h2>No tracks here yet</h2>
        <p>The menu of any row adds its track to a playlist.</p>
      </div>
    );
  }
  if (view === "history") {
    return (
      <div class="hint">
        <h2>Nothing heard yet</h2>
        <p>What you play is remembered here, in this house only.</p>
      </div>
    );
  }
  return <Empty />;
}

export function Empty() {
  const { library } = useApp();
  const scan = library.scan.value;
  if (scan?.composing) {
    return (
      <div class="hint">
        <h2>Composing the demo album</h2>
        <p>
          {scan.composing.done} of {scan.composing.total} tracks so far; each appears here when it is done. It takes a moment,
          once.
        </p>
      </div>
    );
  }
  if (scan?.state === "scanning") {
    return (
      <div class="hint">
        <h2>Reading the library</h2>
        <p>
          {reading(scan)}. Tracks appear here as they are read.
        </p>
      </div>
    );
  }
  return (
    <div class="hint">
      <h2>No music here yet</h2>
      <p>
        Put music into the library's folder and read it again, or start the server with another:{" "}
        <code>auralis serve --library FOLDER</code>
      </p>
      <button type="button" class="key" onClick={() => void library.start_scan()}>
        Read the library again
      </button>
    </div>
  );
}
