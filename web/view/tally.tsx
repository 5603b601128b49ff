/** How many tracks there are, and what the library does: one quiet line. */
import type { Scan } from "../app/api";
import type { Screen } from "../app/browse";
import { to_view } from "../app/place";
import { count, left } from "../app/words";
import { useApp } from "./hooks";
import { Fault, Measuring } from "./icons";

export function Tally() {
  const { library, browse } = useApp();
  const scan = library.scan.value;
  const { kind, place, listing } = browse.screen.value;
  const tally = listing.phase.value.name === "ready" ? counted(kind, place.view, listing.total.value) : "";
  return (
    <p class="tally quiet">
      <span role="status">{tally}</span>
      {scan !== null ? <Doing scan={scan} /> : null}
      {scan !== null && scan.failed > 0 ? (
        <a class="link fault" href={to_view("failed")} title="Which, and why">
          <Fault /> {number(scan.failed)} failed
        </a>
      ) : null}
      {scan !== null && scan.missing > 0 ? (
        <a class="link quiet" href={to_view("missing")} title="Their files are gone. They are back when the files are, wherever that is">
          {number(scan.missing)} missing
        </a>
      ) : null}
      {scan !== null && scan.unwatched !== null ? (
        <a class="link quiet" href={to_view("folders")} title={`Some changes are not seen at once: ${scan.unwatched}`}>
          Not all watched
        </a>
      ) : null}
    </p>
  );
}

/** How many there are of what is listed on screen, where nothing else says so. */
function counted(kind: Screen["kind"], view: string, n: number): string {
  if (kind === "tracks") return count(n, "track", "tracks");
  if (kind === "copies") return count(n, "copy", "copies");
  return kind === "failed" || kind === "missing" || kind === "statistics" ? "" : count(n, view.slice(0, -1), view);
}

function Doing({ scan }: { scan: Scan }) {
  const { library } = useApp();
  if (scan.composing) {
    return (
      <span>
        Composing the demo album: {scan.composing.done} of {scan.composing.total}
      </span>
    );
  }
  if (scan.state === "scanning") {
    return (
      <span class="doing">
        <span>{reading(scan)}</span>
        <button type="button" class="link quiet" onClick={() => void library.stop_scan()} title="What was read stays">
          Stop
        </button>
      </span>
    );
  }
  if (scan.cancelled) {
    return (
      <span class="doing">
        <span>Stopped{scan.to_read !== null && scan.read < scan.to_read ? ` after ${of(scan.read, scan.to_read)}` : ""}</span>
        <button type="button" class="link quiet" onClick={() => void library.start_scan()}>
          Go on
        </button>
      </span>
    );
  }
  if (scan.waiting === 0) return null;
  return (
    <span class="state">
      <Measuring /> {parts([`Measuring ${of(scan.measured, scan.measured + scan.waiting)}`, left(scan.measure_left_s)])}
    </span>
  );
}

/** How far looking for files or reading them is. */
export function reading({ found, to_read, read, files_per_s, left_s }: Scan): string {
  if (to_read === null) return `Looking through ${count(found, "file", "files")}`;
  const speed = files_per_s === null ? null : `${number(Math.round(files_per_s))}/s`;
  return parts([`Reading ${of(read, to_read)}`, speed, left(left_s)]);
}

const number = (n: number) => n.toLocaleString("en");
const of = (n: number, all: number) => `${number(n)} of ${number(all)}`;
const parts = (words: (string | null)[]) => words.filter((word) => word !== null).join(" · ");
