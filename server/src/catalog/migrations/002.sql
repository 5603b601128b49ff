-- What rendering a plan once taught of the loudness it promises.

CREATE TABLE trim (
    track_id  INTEGER NOT NULL REFERENCES track (id) ON DELETE CASCADE,
    taste     TEXT NOT NULL,             -- key of the taste, and of the versions it was planned and rendered by
    trim_db   REAL,                      -- promised less rendered, LU; 0: it holds; null: it could not be rendered
    PRIMARY KEY (track_id, taste)
) STRICT;
