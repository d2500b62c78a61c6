-- How many messages are in each state: kept by the triggers, so that nobody counts a million rows.
CREATE TABLE counts (
    state TEXT PRIMARY KEY,
    messages INTEGER NOT NULL
) WITHOUT ROWID;
INSERT INTO counts SELECT state, count(*) FROM messages GROUP BY state;
CREATE TRIGGER messages_in AFTER INSERT ON messages BEGIN
    INSERT INTO counts (state, messages) VALUES (NEW.state, 1)
        ON CONFLICT (state) DO UPDATE SET messages = messages + 1;
END;
CREATE TRIGGER messages_moved AFTER UPDATE OF state ON messages WHEN OLD.state <> NEW.state BEGIN
    UPDATE counts SET messages = messages - 1 WHERE state = OLD.state;
    INSERT INTO counts (state, messages) VALUES (NEW.state, 1)
        ON CONFLICT (state) DO UPDATE SET messages = messages + 1;
END;
CREATE TRIGGER messages_out AFTER DELETE ON messages BEGIN
    UPDATE counts SET messages = messages - 1 WHERE state = OLD.state;
END;

-- Which blocks of 1,024 log entries or notifications may speak of something: a sorted list of hashes
-- (four bytes, big-endian) for each block that was seen whole. A block that is not here is searched.
CREATE TABLE signs (
    kind TEXT NOT NULL,
    block INTEGER NOT NULL,
    hashes BLOB NOT NULL,
    PRIMARY KEY (kind, block)
);

-- What was decided and done. What came in is the log's: it is moved here when retention takes it from
-- there. seq: 2^28 times the last log entry before it, and a count: what an entry itself tells from 0
-- on, what was written after it from 2^16 on. contact: ids, one a line. Never a number, nor what a
-- person wrote.
CREATE TABLE audit (
    seq INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,
    what TEXT NOT NULL,
    kind TEXT,
    alarm TEXT,
    rule TEXT,
    contact TEXT,
    message INTEGER,
    silence INTEGER,
    actor TEXT,
    code INTEGER,
    detail TEXT
);
CREATE INDEX audit_alarm ON audit (alarm) WHERE alarm IS NOT NULL;
CREATE INDEX audit_message ON audit (message) WHERE message IS NOT NULL;
CREATE INDEX audit_silence ON audit (silence) WHERE silence IS NOT NULL;

-- Before this time the audit trail may be deleted. It only moves forward.
ALTER TABLE meta ADD COLUMN audit_floor INTEGER NOT NULL DEFAULT 0;
CREATE TRIGGER audit_floor_rises BEFORE UPDATE OF audit_floor ON meta
    WHEN NEW.audit_floor < OLD.audit_floor BEGIN
    SELECT RAISE(ABORT, 'the audit trail is not kept for longer in hindsight');
END;
CREATE TRIGGER audit_stays BEFORE UPDATE ON audit BEGIN
    SELECT RAISE(ABORT, 'the audit trail is only ever added to');
END;
CREATE TRIGGER audit_is_kept BEFORE DELETE ON audit
    WHEN OLD.at >= (SELECT audit_floor FROM meta) BEGIN
    SELECT RAISE(ABORT, 'the audit trail is kept for its retention');
END;
CREATE TRIGGER log_stays BEFORE UPDATE ON log BEGIN
    SELECT RAISE(ABORT, 'the log is only ever added to');
END;
CREATE TRIGGER log_is_kept BEFORE DELETE ON log
    WHEN OLD.at >= (SELECT audit_floor FROM meta)
    AND NOT EXISTS (SELECT 1 FROM audit WHERE seq = OLD.position << 28) BEGIN
    SELECT RAISE(ABORT, 'an entry of the log goes when the audit trail has it');
END;
