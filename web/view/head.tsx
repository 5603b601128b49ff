/** The head of an album's, an artist's or a genre's page: what it is, what it adds up to, and its keys. */
import type { Album, Genre } from "../app/api";
import type { Head } from "../app/browse";
import type { Entry } from "../app/entry";
import type { Subject } from "../app/jobs";
import type { Listing } from "../app/listing";
import { to_one } from "../app/place";
import { count, length } from "../app/words";
import { AlbumCell } from "./cells";
import { useApp } from "./hooks";
import { Play, Shuffle } from "./icons";
import { Link } from "./links";
import { Cover } from "./parts";

export function PageHead({ head, listing }: { head: Exclude<Head, { kind: "playlist" | "folder" }>; listing: Listing<Entry> }) {
  const { of } = head;
  const name = head.kind === "album" ? head.of.title : head.of.name;
  const sums = [
    head.kind === "album" ? head.of.year : count(head.of.n_albums, "album", "albums"),
    count(of.n_tracks, "track", "tracks"),
    length(of.duration_s),
  ];
  return (
    <section class="page-head">
      <div class="page-title">
        <Cover track={{ id: of.artwork_track_id, measured: true }} px={160} />
        <div>
          <h2>{name}</h2>
          {head.kind === "album" ? <By album={head.of} /> : null}
          <p class="quiet">{sums.filter(Boolean).join(" · ")}</p>
          {head.kind === "artist" ? <Genres genres={head.of.genres ?? []} /> : null}
          <PlayKeys listing={listing} of={name} />
          {head.kind === "album" ? (
            <div class="list-keys">
              <SaveKey of="albums" id={of.id} name={name} />
            </div>
          ) : null}
        </div>
      </div>
      {head.kind === "artist" ? <Shelf albums={head.of.albums ?? []} /> : null}
      {head.kind === "genre" ? <Shelf albums={head.albums} /> : null}
    </section>
  );
}

function By({ album }: { album: Album }) {
  if (album.artist === null || album.artist_id === null) return <p>Several artists</p>;
  return (
    <p>
      <Link href={to_one("artist", album.artist_id)}>{album.artist}</Link>
    </p>
  );
}

/** Of many, those most tracks are of. */
const GENRES = 6;

function Genres({ genres }: { genres: readonly Genre[] }) {
  if (genres.length === 0) return null;
  return (
    <p class="page-genres">
      {genres.slice(0, GENRES).map(({ id, name }) => (
        <Link key={id} href={to_one("genre", id)}>
          {name}
        </Link>
      ))}
    </p>
  );
}

/** Plays all of a list, in its order or in any. */
export function PlayKeys({ listing, of }: { listing: Listing<Entry>; of: string }) {
  const { playback } = useApp();
  return (
    <div class="play-keys">
      <button type="button" class="key solid" aria-label={`Play ${of}`} onClick={() => void playback.play_row(listing, 0)}>
        <Play /> Play
      </button>
      <button type="button" class="key" aria-label={`Shuffle ${of}`} onClick={() => void playback.shuffle(listing)}>
        <Shuffle /> Shuffle
      </button>
    </div>
  );
}

/** Opens the form that asks for copies of all of it. */
export function SaveKey(subject: Pick<Subject, "of" | "id" | "name">) {
  const { jobs } = useApp();
  return (
    <button
      type="button"
      class="link"
      aria-haspopup="dialog"
      onClick={(event) => jobs.begin({ ...subject, taste: null, back: event.currentTarget })}
    >
      Save enhanced…
    </button>
  );
}

/** Albums side by side. */
export function Shelf({ albums }: { albums: readonly Album[] }) {
  if (albums.length === 0) return null;
  return (
    <ul class="shelf" aria-label="Albums">
      {albums.map((album) => (
        <li key={album.id}>
          <a href={to_one("album", album.id)} draggable={false}>
            <AlbumCell album={album} />
          </a>
        </li>
      ))}
    </ul>
  );
}
