CREATE TABLE bindings (
    rail      TEXT NOT NULL PRIMARY KEY,
    namespace TEXT NOT NULL
) STRICT;

-- A row is the first event of a payment: that it was intended. Only the last four columns ever change.
CREATE TABLE payments (
    id           INTEGER PRIMARY KEY,
    rail         TEXT    NOT NULL,
    operation    TEXT    NOT NULL,
    name         TEXT    NOT NULL,
    reference_id BLOB    NOT NULL UNIQUE CHECK (length(reference_id) = 16),
    contents     TEXT    NOT NULL,
    expect       TEXT    NOT NULL,
    digest       BLOB    NOT NULL CHECK (length(digest) = 32),
    created_at   INTEGER NOT NULL,
    standing     TEXT    NOT NULL,
    updated_at   INTEGER NOT NULL,
    owner        BLOB,
    epoch        INTEGER NOT NULL,
    UNIQUE (rail, name)
) STRICT;

CREATE INDEX payments_unfinished ON payments (rail, id)
    WHERE standing NOT IN ('completed', 'failed', 'parked');

-- What happened since, oldest first. Rows are only ever added.
CREATE TABLE events (
    payment INTEGER NOT NULL REFERENCES payments (id),
    place   INTEGER NOT NULL,
    at      INTEGER NOT NULL,
    event   TEXT    NOT NULL,
    digest  BLOB    NOT NULL CHECK (length(digest) = 16),
    PRIMARY KEY (payment, place)
) STRICT, WITHOUT ROWID;

-- The keys of second and later attempts.
CREATE TABLE attempts (
    payment      INTEGER NOT NULL REFERENCES payments (id),
    attempt      INTEGER NOT NULL,
    reference_id BLOB    NOT NULL UNIQUE CHECK (length(reference_id) = 16),
    PRIMARY KEY (payment, attempt)
) STRICT, WITHOUT ROWID;
