/** What is wrong in the library: files that failed, and tracks whose files are missing. */
import type { ComponentChildren } from "preact";
import type { Fault as Faulty, Missing as Gone } from "../app/api";
import type { Listing } from "../app/listing";
import { to_view, TROUBLES } from "../app/place";
import { count, moment } from "../app/words";
import { Cells } from "./cells";
import { useApp } from "./hooks";
import { Fault } from "./icons";
import { OrderChoice } from "./order";

const ROW_PX = 60;
const ROW_POCKET_PX = 96;
const GONE_POCKET_PX = 76;

/** What was being done with a file when it failed. */
const STAGES: Record<Faulty["stage"], string> = {
  read: "Reading it",
  open: "Opening it",
  measure: "Measuring it",
  store: "Keeping what was measured",
};

export function Failed({ listing }: { listing: Listing<Faulty> }) {
  const { library, narrow } = useApp();
  const total = listing.total.value;
  const head = (
    <TroubleHead words="These files could not be opened or measured. They are tried again when they change, or now.">
      <button type="button" class="key" onClick={() => void library.retry_faults()}>
        Retry all
      </button>
    </TroubleHead>
  );
  if (total === 0) return <AllWell head={<TroubleHead />} words="No file has failed" />;
  return (
    <Cells
      listing={listing}
      label="Files that failed"
      class="troubles"
      above={head}
      row_px={() => (narrow.value ? ROW_POCKET_PX : ROW_PX)}
      per_row={() => 1}
      cell={({ id, path, stage, reason, at }, key) => (
        <div class="trouble">
          <strong title={path}>{path}</strong>
          <span class="reason" title={reason}>
            <span class="fault">
              <Fault /> {STAGES[stage]}:
            </span>{" "}
            <bdi>{reason}</bdi>
          </span>
          <span class="figure quiet when">{moment(at)}</span>
          <button type="button" class="key" aria-label={`Retry ${path}`} onClick={() => void library.retry_fault(id)} {...key}>
            Retry
          </button>
        </div>
      )}
    />
  );
}

export function Missing({ listing }: { listing: Listing<Gone> }) {
  const { library, narrow } = useApp();
  const total = listing.total.value;
  const head = (
    <TroubleHead words="Their files are gone. They are back, with all that is known of them, as soon as the files are, wherever that is.">
      <button type="button" class="key" onClick={() => confirm(forgetting(total)) && void library.forget_missing()}>
        Forget all
      </button>
    </TroubleHead>
  );
  if (total === 0) return <AllWell head={<TroubleHead />} words="No file is missing" />;
  return (
    <Cells
      listing={listing}
      label="Missing tracks"
      class="troubles"
      above={head}
      row_px={() => (narrow.value ? GONE_POCKET_PX : ROW_PX)}
      per_row={() => 1}
      cell={({ title, path, since }, key) => (
        <div class="trouble gone" {...key}>
          <strong title={title}>{title}</strong>
          <span class="reason quiet" title={path}>
            <bdi>{path}</bdi>
          </span>
          <span class="figure quiet when">
            <span class="sr-only">since </span>
            {moment(since)}
          </span>
        </div>
      )}
    />
  );
}

/** Which of both troubles this is, a link to the other, and what can be done about all of it. */
function TroubleHead({ words, children }: { words?: string; children?: ComponentChildren }) {
  const { library, browse } = useApp();
  const scan = library.scan.value;
  const here = browse.screen.value.place.view;
  return (
    <section class="trouble-head">
      <div>
        <nav class="kinds" aria-label="Trouble">
          {TROUBLES.map((name) => (
            <a key={name} href={to_view(name)} aria-current={name === here ? "page" : undefined}>
              {name === "failed" ? "Failed" : "Missing"} <span class="figure quiet">{(scan?.[name] ?? 0).toLocaleString("en")}</span>
            </a>
          ))}
        </nav>
        {words === undefined ? null : (
          <div class="what-to-do">
            <p class="quiet">{words}</p>
            {children}
          </div>
        )}
      </div>
      {words === undefined ? null : <OrderChoice />}
    </section>
  );
}

function AllWell({ head, words }: { head: ComponentChildren; words: string }) {
  const { library } = useApp();
  const scan = library.scan.value;
  const is_busy = scan !== null && (scan.state === "scanning" || scan.waiting > 0);
  return (
    <div class="nothing">
      {head}
      <div class="hint">
        <h2>{is_busy ? `${words} so far` : words}</h2>
        <p>{is_busy ? "Files are being read or measured." : "What goes wrong with a file is said here."}</p>
      </div>
    </div>
  );
}

const forgetting = (n: number) =>
  `Forget ${count(n, "missing track", "missing tracks")}, and all that is known of ${n === 1 ? "it" : "them"}? Only do so if the files will not come back.`;
