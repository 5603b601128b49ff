-- What the same rendering taught of the loudness range.

ALTER TABLE trim ADD COLUMN lra_lu REAL;  -- promised less rendered, LU; null: it could not be rendered
