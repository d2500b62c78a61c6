-- Schema version 1. Times are milliseconds since the epoch; ids of rules, contacts and templates are
-- those of the config.

-- "klax": so that `file` and we know our own.
PRAGMA application_id = 1802264952;

-- One row: who this store is, and how far the log is decided.
CREATE TABLE meta (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    uuid TEXT NOT NULL,
    position INTEGER NOT NULL DEFAULT 0,
    engine_time INTEGER NOT NULL DEFAULT 0,
    next_message INTEGER NOT NULL DEFAULT 1,
    next_notification INTEGER NOT NULL DEFAULT 1
);

-- Inputs of the engine. Positions have no holes. They are never used again, because the newest entry
-- is never deleted: AUTOINCREMENT would say the same at the cost of one more page in every commit.
CREATE TABLE log (
    position INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,
    origin TEXT NOT NULL,
    event TEXT NOT NULL
);

-- Trees whose last stored record did not end them, and where in the log that record is.
CREATE TABLE open_trees (
    tree TEXT PRIMARY KEY,
    position INTEGER NOT NULL
) WITHOUT ROWID;

-- The engine's rows.
CREATE TABLE state (
    kind TEXT NOT NULL,
    key TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (kind, key)
) WITHOUT ROWID;

CREATE TABLE notifications (
    id INTEGER PRIMARY KEY,
    rule TEXT NOT NULL,
    kind TEXT NOT NULL,
    at INTEGER NOT NULL,
    json TEXT NOT NULL
);
CREATE INDEX notifications_at ON notifications (at);

-- ended: when nothing was left to do for it; NULL while it waits.
CREATE TABLE messages (
    id INTEGER PRIMARY KEY,
    notification INTEGER NOT NULL,
    contact TEXT NOT NULL,
    template TEXT NOT NULL,
    bucket TEXT NOT NULL,
    severity TEXT NOT NULL,
    created INTEGER NOT NULL,
    expires INTEGER,
    shadow INTEGER NOT NULL,
    state TEXT NOT NULL,
    reason TEXT NOT NULL,
    attempts INTEGER NOT NULL,
    unknowns INTEGER NOT NULL,
    retry_at INTEGER,
    attempted INTEGER,
    ended INTEGER
);
CREATE INDEX messages_waiting ON messages (id) WHERE ended IS NULL;
CREATE INDEX messages_ended ON messages (ended) WHERE ended IS NOT NULL;
CREATE INDEX messages_notification ON messages (notification);

-- Messages that were not sent, of which the fallback command has not been told.
CREATE TABLE untold (
    message INTEGER PRIMARY KEY
);

-- The only table that holds phone numbers.
CREATE TABLE numbers (
    id INTEGER PRIMARY KEY,
    phone TEXT NOT NULL UNIQUE
);

-- outcome: NULL while it is under way. number: NULL when nothing was posted.
CREATE TABLE attempts (
    message INTEGER NOT NULL,
    n INTEGER NOT NULL,
    at INTEGER NOT NULL,
    number INTEGER,
    text TEXT NOT NULL DEFAULT '',
    outcome TEXT,
    code INTEGER,
    status INTEGER,
    detail TEXT NOT NULL DEFAULT '',
    wamid TEXT,
    duration_ms INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (message, n)
) WITHOUT ROWID;
CREATE INDEX attempts_number ON attempts (number, at);
