-- Jobs: tracks that are rendered to files, to be fetched later.

CREATE TABLE job (
    id         INTEGER PRIMARY KEY,
    key        TEXT NOT NULL UNIQUE,            -- opaque
    state      INTEGER NOT NULL DEFAULT 0,      -- 0 queued, 1 processing, 2 completed, 3 failed, 4 cancelled
    name       TEXT NOT NULL,                   -- of the file that is fetched
    told       TEXT NOT NULL,                   -- JSON: how the tracks are rendered
    created_at INTEGER NOT NULL,                -- seconds since 1970, as all times here
    started_at INTEGER,
    ended_at   INTEGER,
    reason     TEXT,                            -- why it failed
    n_bytes    INTEGER NOT NULL                 -- what it may take of the disk; when completed, what it takes
) STRICT;

CREATE TABLE job_track (
    job_id     INTEGER NOT NULL REFERENCES job (id) ON DELETE CASCADE,
    place      INTEGER NOT NULL,
    track_key  TEXT NOT NULL,                   -- the track may be forgotten meanwhile
    title      TEXT NOT NULL,
    name       TEXT NOT NULL,                   -- of its file, with its folders
    duration_s REAL NOT NULL,
    n_bytes    INTEGER,                         -- of its file; null: not there yet
    fault      TEXT,                            -- why there is none
    PRIMARY KEY (job_id, place)
) STRICT, WITHOUT ROWID;
