-- The descriptors of each fingerprint, apart from it: which tracks sound alike is
-- then told from a few hundred bytes a track, where a fingerprint has thousands.

CREATE TABLE descriptors (
    track_id  INTEGER PRIMARY KEY REFERENCES fingerprint (track_id) ON DELETE CASCADE,
    version   INTEGER NOT NULL,          -- the fingerprint's
    json      TEXT                       -- null: the fingerprint is not what it should be
) STRICT;

INSERT INTO descriptors (track_id, version, json)
SELECT track_id, version, CASE WHEN json_valid(json) THEN json -> '$.descriptors' END FROM fingerprint;
