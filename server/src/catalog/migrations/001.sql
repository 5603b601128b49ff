-- The folders a listener pointed at, their tracks, and what was measured.

CREATE TABLE folder (
    id    INTEGER PRIMARY KEY,
    path  BLOB NOT NULL UNIQUE,          -- as the operating system has it
    open  INTEGER NOT NULL               -- 1: configured today; 0: kept for later
) STRICT;

CREATE TABLE album (
    id      INTEGER PRIMARY KEY,
    key     TEXT NOT NULL UNIQUE,        -- opaque, as the API shows it
    title   TEXT NOT NULL,
    artist  TEXT,
    folded  TEXT NOT NULL
) STRICT;

CREATE TABLE track (
    id            INTEGER PRIMARY KEY,
    key           TEXT NOT NULL UNIQUE,  -- opaque, as the API shows it
    folder_id     INTEGER NOT NULL REFERENCES folder (id) ON DELETE CASCADE,
    path          BLOB NOT NULL,         -- relative to its folder
    size          INTEGER NOT NULL,      -- bytes
    mtime_ns      INTEGER NOT NULL,      -- since 1970, nanoseconds
    seen          INTEGER NOT NULL,      -- number of the last scan that saw it
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
    UNIQUE (folder_id, path)
) STRICT;

CREATE INDEX track_by_album  ON track (album_id, disc_no, track_no);
CREATE INDEX track_by_order  ON track (folded_album, disc_no, track_no, folded_title, id);
CREATE INDEX track_by_title  ON track (folded_title, id);
CREATE INDEX track_by_artist ON track (folded_artist, id);

CREATE TABLE fingerprint (
    track_id        INTEGER PRIMARY KEY REFERENCES track (id) ON DELETE CASCADE,
    version         INTEGER NOT NULL,
    n_frames        INTEGER NOT NULL,    -- counted, never a header's
    sample_rate     INTEGER NOT NULL,
    lufs            REAL,
    true_peak_dbtp  REAL,
    json            TEXT NOT NULL
) STRICT;

-- Why a track could not be opened or measured; gone when it could.
CREATE TABLE fault (
    track_id  INTEGER PRIMARY KEY REFERENCES track (id) ON DELETE CASCADE,
    stage     TEXT NOT NULL,             -- read, open, measure, store
    reason    TEXT NOT NULL,
    at        INTEGER NOT NULL
) STRICT;

-- Plans that were handed out, so that `plan=<id>` means the same tomorrow.
CREATE TABLE plan (
    track_id  INTEGER NOT NULL REFERENCES track (id) ON DELETE CASCADE,
    id        TEXT NOT NULL,
    json      TEXT NOT NULL,
    PRIMARY KEY (track_id, id)
) STRICT;

CREATE TABLE scan (
    id           INTEGER PRIMARY KEY,
    started_at   INTEGER NOT NULL,
    finished_at  INTEGER
) STRICT;
