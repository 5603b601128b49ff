-- What a listener makes of the music: playlists, what was heard, the queue,
-- and how a track or an album shall always sound.

CREATE TABLE playlist (
    id          INTEGER PRIMARY KEY,
    key         TEXT NOT NULL UNIQUE,    -- opaque, as the API shows it
    name        TEXT NOT NULL,
    comment     TEXT NOT NULL,
    rule        TEXT,                    -- as it was written; null: items are put in by hand
    sort        TEXT,                    -- of a rule's tracks, by name; null: as the rule ranks them
    most        INTEGER,                 -- tracks of a rule at most; null: all
    created_at  INTEGER NOT NULL,        -- since 1970, seconds
    changed_at  INTEGER NOT NULL
) STRICT;

CREATE TABLE playlist_item (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,  -- never given twice
    playlist_id  INTEGER NOT NULL REFERENCES playlist (id) ON DELETE CASCADE,
    place        INTEGER NOT NULL,
    track_id     INTEGER NOT NULL REFERENCES track (id) ON DELETE CASCADE
) STRICT;
CREATE INDEX playlist_item_in_order ON playlist_item (playlist_id, place);
CREATE INDEX playlist_item_by_track ON playlist_item (track_id);

-- What the items were before each change, the newest last.
CREATE TABLE playlist_before (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    playlist_id  INTEGER NOT NULL REFERENCES playlist (id) ON DELETE CASCADE,
    items        TEXT NOT NULL           -- JSON: pairs of item and track
) STRICT;
CREATE INDEX playlist_before_by_playlist ON playlist_before (playlist_id, id);

CREATE TABLE play (
    id          INTEGER PRIMARY KEY,
    key         TEXT NOT NULL UNIQUE,    -- chosen by whoever plays, so that telling twice is telling once
    track_id    INTEGER NOT NULL REFERENCES track (id) ON DELETE CASCADE,
    at          INTEGER NOT NULL,        -- when it began, since 1970, seconds
    listened_s  REAL NOT NULL,
    counted     INTEGER NOT NULL         -- 1: half of it, or four minutes, were heard
) STRICT;
CREATE INDEX play_in_order ON play (at, id);
CREATE INDEX play_by_track ON play (track_id);

-- One row: what plays next.
CREATE TABLE queue (
    id          INTEGER PRIMARY KEY CHECK (id = 1),
    items       TEXT NOT NULL,           -- JSON: pairs of item and track, in the order in which they play
    ordered     TEXT,                    -- the same before they were shuffled; null: they are not
    before      TEXT NOT NULL,           -- JSON: what both were before each change, the newest last
    next_item   INTEGER NOT NULL,        -- the id of the next item that comes
    at_item     INTEGER,                 -- the one that plays
    position_s  REAL NOT NULL,
    repeat      TEXT NOT NULL,           -- off, all, one or radio
    revision    INTEGER NOT NULL         -- counts all changes but those of the position
) STRICT;
INSERT INTO queue VALUES (1, '[]', NULL, '[]', 1, NULL, 0, 'off', 0);

-- How a track or an album shall sound, whatever the taste of the moment.
CREATE TABLE track_taste (
    track_id  INTEGER PRIMARY KEY REFERENCES track (id) ON DELETE CASCADE,
    json      TEXT NOT NULL
) STRICT;
CREATE TABLE album_taste (
    album_id  INTEGER PRIMARY KEY REFERENCES album (id) ON DELETE CASCADE,
    json      TEXT NOT NULL
) STRICT;
