/** All playlists, and the head of one. */
import { useRef } from "preact/hooks";
import * as api from "../app/api";
import type { Entry } from "../app/entry";
import type { Listing } from "../app/listing";
import { to_one } from "../app/place";
import { clock, count, length } from "../app/words";
import { Cells } from "./cells";
import { PlayKeys, SaveKey } from "./head";
import { useApp } from "./hooks";
import { OrderChoice } from "./order";

export function Playlists() {
  const { playlists, narrow } = useApp();
  const px = narrow.value ? 56 : 44;
  const above = <NewKeys />;
  if (playlists.listing.total.value === 0) {
    return (
      <div class="nothing">
        {above}
        <div class="hint">
          <h2>No playlists yet</h2>
          <p>Put one together by hand, from the menu of any row, or let a rule make it. Playlist files can be brought in.</p>
        </div>
      </div>
    );
  }
  return (
    <Cells
      listing={playlists.listing}
      label="Playlists"
      class="names lists"
      above={
        <>
          {above}
          <OrderChoice />
        </>
      }
      row_px={() => px}
      per_row={() => 1}
      cell={(one, key) => (
        <a href={to_one("playlist", one.id)} draggable={false} {...key}>
          <strong>{one.name}</strong>
          <span class="quiet rule">{one.rule ?? ""}</span>
          <span class="quiet n-tracks">{count(one.n_tracks, "track", "tracks")}</span>
          <span class="figure quiet">{clock(one.duration_s)}</span>
        </a>
      )}
    />
  );
}

function NewKeys() {
  const { playlists } = useApp();
  const file = useRef<HTMLInputElement>(null);
  const write = (rule: string | null) => playlists.write({ id: null, name: "", rule, track_ids: [] });
  return (
    <div class="new-keys">
      <button type="button" class="key" aria-haspopup="dialog" onClick={() => write(null)}>
        New playlist
      </button>
      <button type="button" class="key" aria-haspopup="dialog" onClick={() => write("")}>
        New by rule
      </button>
      <button type="button" class="key" onClick={() => file.current?.click()}>
        Import
      </button>
      <input
        ref={file}
        type="file"
        accept=".m3u,.m3u8"
        hidden
        aria-label="Playlist file"
        onChange={(event) => {
          const chosen = event.currentTarget.files?.[0];
          event.currentTarget.value = "";
          if (chosen) void playlists.import(chosen);
        }}
      />
    </div>
  );
}

export function PlaylistHead({ of, listing }: { of: api.Playlist; listing: Listing<Entry> }) {
  const { playlists } = useApp();
  const ask_and_remove = () => {
    if (confirm(`Delete the playlist “${of.name}”? Its tracks stay in the library.`)) void playlists.remove(of.id);
  };
  return (
    <section class="page-head">
      <div class="page-title">
        <div>
          <h2>{of.name}</h2>
          {of.rule === null ? null : <p class="rule">{of.rule === "" ? "All tracks" : of.rule}</p>}
          <p class="quiet">
            {count(of.n_tracks, "track", "tracks")} · {length(of.duration_s)}
          </p>
          {of.n_tracks > 0 ? <PlayKeys listing={listing} of={of.name} /> : null}
          <div class="list-keys">
            <button type="button" class="link" onClick={() => playlists.write({ id: of.id, name: of.name, rule: of.rule, track_ids: [] })}>
              {of.rule === null ? "Rename" : "Edit"}
            </button>
            <a class="link" href={api.playlist_file(of.id)} download>
              Export
            </a>
            {of.n_tracks > 0 ? <SaveKey of="playlists" id={of.id} name={of.name} /> : null}
            {of.rule === null ? (
              <button type="button" class="link" disabled={!of.can_undo} onClick={() => void playlists.undo(of.id)}>
                Undo
              </button>
            ) : null}
            <button type="button" class="link" onClick={ask_and_remove}>
              Delete
            </button>
          </div>
        </div>
      </div>
    </section>
  );
}
