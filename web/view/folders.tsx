/** The library as it lies on the disk: its folders, and the page of a directory. */
import type { RefObject } from "preact";
import { useRef } from "preact/hooks";
import type { Directory } from "../app/api";
import type { Entry } from "../app/entry";
import type { Folder } from "../app/folders";
import type { Listing } from "../app/listing";
import { to_one, to_view } from "../app/place";
import { count } from "../app/words";
import { Cells, CellRows, type CellKey } from "./cells";
import { Empty } from "./empty";
import { PlayKeys } from "./head";
import { useApp } from "./hooks";
import { Directory as DirectoryShape, Fault } from "./icons";
import { Tracks } from "./list";
import { OrderChoice } from "./order";

/** The library's folders. */
export function Folders({ listing }: { listing: Listing<Directory> }) {
  const above = (
    <>
      <Unseen />
      {listing.total.value > 1 ? <OrderChoice /> : null}
    </>
  );
  return <Cells {...useRows(listing)} above={above} />;
}

/** A directory: what leads there, the directories in it, and the tracks right in it, in one box. */
export function FolderScreen({ of, listing }: { of: Folder; listing: Listing<Entry> }) {
  const { playback } = useApp();
  const box = useRef<HTMLDivElement>(null);
  const rows = useRows(of.directories);
  const [n_inside, n_tracks] = [of.directories.total.value, listing.total.value];
  const head = <FolderHead of={of} />;
  if (n_inside + n_tracks === 0) {
    return (
      <div class="nothing">
        {head}
        <Empty />
      </div>
    );
  }
  if (n_tracks === 0) return <Cells {...rows} above={head} />;
  return (
    <Tracks
      label="Tracks"
      listing={listing}
      box={box}
      above={
        <>
          {head}
          {n_inside > 0 ? <CellRows {...rows} box={box as RefObject<HTMLDivElement | null>} /> : null}
          <OrderChoice />
        </>
      }
      on_play={(row) => void playback.play_row(listing, row)}
    />
  );
}

/** Directories as rows, each a link. */
function useRows(listing: Listing<Directory>) {
  const { narrow } = useApp();
  const px = narrow.value ? 56 : 44;
  return {
    listing,
    label: "Folders",
    class: "names directories",
    row_px: () => px,
    per_row: () => 1,
    cell: ({ dir, name, n_tracks }: Directory, key: CellKey) => (
      <a href={to_one("folder", dir)} draggable={false} {...key}>
        <DirectoryShape />
        <strong>{name}</strong>
        <span class="quiet n-tracks">{count(n_tracks, "track", "tracks")}</span>
      </a>
    ),
  };
}

function FolderHead({ of: { name, way, directories, below } }: { of: Folder }) {
  const n_inside = directories.total.value;
  const sums = [n_inside === 0 ? null : count(n_inside, "folder", "folders"), count(below.total.value, "track", "tracks")];
  return (
    <section class="page-head">
      <div class="page-title">
        <div>
          <nav class="way" aria-label="Way to this folder">
            <ol>
              <li>
                <a href={to_view("folders")}>Folders</a>
              </li>
              {way.map((step) => (
                <li key={step.dir}>
                  <a href={to_one("folder", step.dir)}>{step.name}</a>
                </li>
              ))}
            </ol>
          </nav>
          <h2>{name}</h2>
          <p class="quiet">{sums.filter((sum) => sum !== null).join(" · ")}</p>
          {below.total.value > 0 ? <PlayKeys listing={below} of={name} /> : null}
        </div>
      </div>
    </section>
  );
}

/** What of the folders cannot be read, and why changes in them are not seen at once. */
function Unseen() {
  const { library } = useApp();
  const scan = library.scan.value;
  if (!scan || (scan.unwatched === null && scan.problems.length === 0)) return null;
  return (
    <div class="unseen">
      {scan.unwatched === null ? null : (
        <p class="quiet">Some changes are seen only when all is looked through from time to time: {scan.unwatched}.</p>
      )}
      {scan.problems.map((problem) => (
        <p key={problem}>
          <span class="fault">
            <Fault />
          </span>{" "}
          {problem}
        </p>
      ))}
      <button type="button" class="link" onClick={() => void library.start_scan()}>
        Read the library again
      </button>
    </div>
  );
}
