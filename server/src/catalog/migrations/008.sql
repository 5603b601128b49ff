-- Files of several tracks, as cue sheets cut them.

ALTER TABLE track ADD COLUMN part INTEGER NOT NULL DEFAULT 0;         -- which of the tracks of its file, from 0
ALTER TABLE track ADD COLUMN first_frame INTEGER NOT NULL DEFAULT 0;  -- where it begins in its file
ALTER TABLE track ADD COLUMN cut_frames INTEGER;                      -- how long it is there; null: up to the end
ALTER TABLE track ADD COLUMN sheet BLOB;                              -- the cue sheet that says so; null: none

DROP INDEX track_by_path;
CREATE UNIQUE INDEX track_by_path ON track (folder_id, path, part) WHERE missing_since IS NULL;
