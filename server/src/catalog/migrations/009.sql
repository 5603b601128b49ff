-- Fingerprints deflated: as text they were two thirds of the catalog. What lists
-- show of them stands with the track, so that no list reads them. And each whole file
-- has an id: what is there twice is measured once.

ALTER TABLE track ADD COLUMN n_frames INTEGER;      -- counted, never a header's
ALTER TABLE track ADD COLUMN true_peak_dbtp REAL;
ALTER TABLE track ADD COLUMN whole BLOB;            -- id of all that is in its file, taken when it is measured

UPDATE track SET n_frames = f.n_frames, true_peak_dbtp = f.true_peak_dbtp
FROM fingerprint f WHERE f.track_id = track.id;

CREATE TABLE fingerprint_9 (
    track_id  INTEGER PRIMARY KEY REFERENCES track (id) ON DELETE CASCADE,
    packed    BLOB NOT NULL                         -- JSON in a zlib stream
) STRICT;

INSERT INTO fingerprint_9 SELECT track_id, deflated(json) FROM fingerprint;

DROP TABLE fingerprint;
ALTER TABLE fingerprint_9 RENAME TO fingerprint;
