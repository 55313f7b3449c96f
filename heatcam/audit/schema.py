"""Tables of an audit's working store, in SQLite's language."""

from __future__ import annotations

from heatcam.audit.objects import OBJECT_SCHEMA

#: Changes when older stores can no longer be gone on with.
VERSION = 1

#: Columns of the table of objects that are a picture's, or are worked out when it is read.
_WORKED_OUT = ("number", "image", "image_id", "image_wide", "image_tall", "covers")
#: Fields of ``AuditedObject`` that are columns as they are.
OWN_COLUMNS = tuple(name for name in OBJECT_SCHEMA.names() if name not in _WORKED_OUT)

CREATE = f"""
CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS images (
    id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, position INTEGER NOT NULL, stamp TEXT NOT NULL,
    wide INTEGER, tall INTEGER, labels INTEGER NOT NULL DEFAULT 0, error TEXT
);
CREATE TABLE IF NOT EXISTS objects (
    id INTEGER PRIMARY KEY, image_key INTEGER NOT NULL REFERENCES images(id) ON DELETE CASCADE,
    place INTEGER NOT NULL, number INTEGER, covers_place INTEGER, {", ".join(OWN_COLUMNS)}
);
CREATE INDEX IF NOT EXISTS objects_by_place ON objects (image_key, place);
CREATE INDEX IF NOT EXISTS objects_by_number ON objects (number);
CREATE TABLE IF NOT EXISTS parts (
    object INTEGER PRIMARY KEY REFERENCES objects(id) ON DELETE CASCADE,
    thumb_jpeg BLOB NOT NULL, crop_jpeg BLOB NOT NULL, own BLOB NOT NULL, signed BLOB NOT NULL, embedding BLOB NOT NULL
);
CREATE TABLE IF NOT EXISTS tries (
    object INTEGER NOT NULL REFERENCES objects(id) ON DELETE CASCADE,
    question TEXT NOT NULL, kept INTEGER NOT NULL, confidence REAL, PRIMARY KEY (object, question)
);
CREATE TABLE IF NOT EXISTS predictions (
    image_key INTEGER PRIMARY KEY REFERENCES images(id) ON DELETE CASCADE,
    confidences BLOB NOT NULL, class_ids BLOB NOT NULL, right_at BLOB NOT NULL, label_ids BLOB NOT NULL
);
"""

#: All objects, in the order of ``OBJECT_SCHEMA``.
SELECT_OBJECTS = f"""
SELECT o.number, i.name, i.position, i.wide, i.tall, {
    ", ".join("c.number" if name == "covers" else f"o.{name}" for name in OBJECT_SCHEMA.names()[5:])
}
FROM objects o JOIN images i ON i.id = o.image_key
LEFT JOIN objects c ON c.image_key = o.image_key AND c.place = o.covers_place
ORDER BY o.number
"""

RENUMBER = """
UPDATE objects SET number = ranked.rank FROM (
    SELECT o.id AS id, row_number() OVER (ORDER BY i.position, o.place) AS rank
    FROM objects o JOIN images i ON i.id = o.image_key
) AS ranked WHERE ranked.id = objects.id
"""
