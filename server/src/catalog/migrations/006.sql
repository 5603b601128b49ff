-- What a listener looks for and by: artists and genres under ids of their own,
-- richer tags, a full-text index, and what was heard and liked.

CREATE TABLE artist (
    id      INTEGER PRIMARY KEY,
    key     TEXT NOT NULL UNIQUE,        -- opaque, as the API shows it
    name    TEXT NOT NULL,               -- as it was credited first
    sort    TEXT NOT NULL,               -- folded: what lists are ordered by
    folded  TEXT NOT NULL
) STRICT;
CREATE INDEX artist_in_order ON artist (sort, id);

CREATE TABLE credit (
    track_id   INTEGER NOT NULL REFERENCES track (id) ON DELETE CASCADE,
    role       INTEGER NOT NULL,         -- 0: artist; 1: album artist; 2: composer
    place      INTEGER NOT NULL,         -- as credited, from 0
    artist_id  INTEGER NOT NULL REFERENCES artist (id),
    PRIMARY KEY (track_id, role, place)
) STRICT, WITHOUT ROWID;
CREATE INDEX credit_by_artist ON credit (artist_id);

CREATE TABLE genre (
    id      INTEGER PRIMARY KEY,
    key     TEXT NOT NULL UNIQUE,        -- opaque, as the API shows it
    name    TEXT NOT NULL,
    folded  TEXT NOT NULL
) STRICT;
CREATE INDEX genre_in_order ON genre (folded, id);

CREATE TABLE track_genre (
    track_id  INTEGER NOT NULL REFERENCES track (id) ON DELETE CASCADE,
    place     INTEGER NOT NULL,          -- as tagged, from 0
    genre_id  INTEGER NOT NULL REFERENCES genre (id),
    PRIMARY KEY (track_id, place)
) STRICT, WITHOUT ROWID;
CREATE INDEX track_genre_by_genre ON track_genre (genre_id);

-- Words as they were sung; with [mm:ss] before each line where they are timed.
CREATE TABLE lyrics (
    track_id  INTEGER PRIMARY KEY REFERENCES track (id) ON DELETE CASCADE,
    text      TEXT NOT NULL
) STRICT;

DROP INDEX track_by_duration;
DROP INDEX track_by_year;
DROP INDEX track_by_added;
DROP INDEX track_by_lufs;

ALTER TABLE track ADD COLUMN read_by INTEGER NOT NULL DEFAULT 0;     -- version of what read its tags
ALTER TABLE track ADD COLUMN album_artists TEXT NOT NULL DEFAULT '[]';  -- JSON list
ALTER TABLE track ADD COLUMN genres TEXT NOT NULL DEFAULT '[]';      -- JSON list
ALTER TABLE track ADD COLUMN date TEXT;                              -- as tagged: year, month or day
ALTER TABLE track ADD COLUMN bpm REAL;                               -- as tagged
ALTER TABLE track ADD COLUMN is_compilation INTEGER NOT NULL DEFAULT 0;
ALTER TABLE track ADD COLUMN more TEXT;                              -- JSON: what is shown of one track alone
ALTER TABLE track ADD COLUMN measured_by INTEGER;                    -- version of its fingerprint; null: none
ALTER TABLE track ADD COLUMN tempo_bpm REAL;                         -- as measured
ALTER TABLE track ADD COLUMN crest_db REAL;
ALTER TABLE track ADD COLUMN lra_lu REAL;
ALTER TABLE track ADD COLUMN favorite_at INTEGER;                    -- since 1970, seconds; null: it is none
ALTER TABLE track ADD COLUMN rating INTEGER;                         -- stars, 1 to 5; null: not rated
ALTER TABLE track ADD COLUMN n_plays INTEGER NOT NULL DEFAULT 0;
ALTER TABLE track ADD COLUMN played_at INTEGER;                      -- since 1970, seconds

UPDATE track SET
    genres = CASE WHEN genre IS NULL THEN '[]' ELSE json_array(genre) END,
    album_artists = CASE WHEN album_artist IS NULL THEN '[]' ELSE json_array(album_artist) END;
UPDATE track SET measured_by = f.version,
    tempo_bpm = nullif(p.json ->> '$.tempo_bpm', 0), crest_db = p.json ->> '$.crest_db',
    lra_lu = CASE WHEN json_valid(f.json) THEN f.json ->> '$.lra_lu' END
FROM fingerprint f JOIN descriptors p ON p.track_id = f.track_id WHERE f.track_id = track.id;
ALTER TABLE track DROP COLUMN genre;
ALTER TABLE track DROP COLUMN folded;

CREATE VIRTUAL TABLE search USING fts5 (
    title, artist, album, genre, composer, lyrics,
    content = '', contentless_delete = 1, prefix = '1 2 3', tokenize = 'unicode61 remove_diacritics 2'
);
INSERT INTO search (rowid, title, artist, album, genre, composer, lyrics)
SELECT id, folded_title, folded_artist, folded_album, '', '', '' FROM track;
CREATE TRIGGER track_gone AFTER DELETE ON track BEGIN DELETE FROM search WHERE rowid = old.id; END;
