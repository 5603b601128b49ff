-- Tracks keep their identity when their files move, and stay as missing when
-- those are gone. A path is then unique among the files that are there.

CREATE TABLE track_5 (
    id            INTEGER PRIMARY KEY,
    key           TEXT NOT NULL UNIQUE,  -- opaque, as the API shows it
    folder_id     INTEGER NOT NULL REFERENCES folder (id) ON DELETE CASCADE,
    path          BLOB NOT NULL,         -- relative to its folder
    size          INTEGER NOT NULL,      -- bytes
    mtime_ns      INTEGER NOT NULL,      -- since 1970, nanoseconds
    content       BLOB,                  -- id of its sound, tags excluded; null: not known yet, or no sound
    missing_since INTEGER,               -- since 1970, seconds; null: the last scan saw the file
    here          INTEGER NOT NULL,      -- 1: not missing, in a folder that is open
    album_id      INTEGER REFERENCES album (id) ON DELETE SET NULL,
    title         TEXT NOT NULL,
    artists       TEXT NOT NULL,         -- JSON list
    album         TEXT,
    album_artist  TEXT,
    genre         TEXT,
    track_no      INTEGER,
    disc_no       INTEGER,
    year          INTEGER,
    folded        TEXT NOT NULL,         -- title, artists and album, folded for search
    folded_title  TEXT NOT NULL,
    folded_artist TEXT NOT NULL,
    folded_album  TEXT,
    codec         TEXT,                  -- null: the file could not be opened as sound
    sample_rate   INTEGER,
    channels      INTEGER,
    bits          INTEGER,
    duration_s    REAL NOT NULL,
    has_art       INTEGER NOT NULL,
    added_at      INTEGER NOT NULL,      -- since 1970, seconds
    lufs          REAL,                  -- as it was measured last: what the list is ordered by
    listed        INTEGER NOT NULL       -- 1: here, and it could be opened
) STRICT;

INSERT INTO track_5
SELECT id, key, folder_id, path, size, mtime_ns, NULL, NULL,
    (SELECT d.open FROM folder d WHERE d.id = folder_id), album_id, title, artists, album, album_artist,
    genre, track_no, disc_no, year, folded, folded_title, folded_artist, folded_album, codec, sample_rate,
    channels, bits, duration_s, has_art, added_at,
    (SELECT f.lufs FROM fingerprint f WHERE f.track_id = id),
    codec NOT NULL AND (SELECT d.open FROM folder d WHERE d.id = folder_id)
FROM track;

DROP TABLE track;
ALTER TABLE track_5 RENAME TO track;
DROP TABLE scan;

CREATE UNIQUE INDEX track_by_path ON track (folder_id, path) WHERE missing_since IS NULL;
CREATE INDEX track_missing    ON track (folder_id, path) WHERE missing_since NOT NULL;
CREATE INDEX track_by_content ON track (content, here) WHERE content NOT NULL;
CREATE INDEX track_by_album   ON track (album_id, disc_no, track_no);

-- One for each order of the list, so that a page of it is found in an index alone.
CREATE INDEX track_in_order ON track
    (listed, folded_album IS NULL, folded_album, album_id, disc_no, track_no, folded_title, id);
CREATE INDEX track_by_title    ON track (listed, folded_title, id);
CREATE INDEX track_by_artist   ON track (listed, folded_artist, folded_album, disc_no, track_no, id);
CREATE INDEX track_by_duration ON track (listed, duration_s, id);
CREATE INDEX track_by_year     ON track (listed, year, folded_album, disc_no, track_no, id);
CREATE INDEX track_by_added    ON track (listed, added_at, id);
CREATE INDEX track_by_lufs     ON track (listed, lufs, id);
