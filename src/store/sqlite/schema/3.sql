-- What a message says, how, and how far it came. digest: the digest that carries it. successor: the
-- message that took its place. confirm: milliseconds within which it must reach the phone;
-- confirm_by: until when its receipt is waited for.
ALTER TABLE messages ADD COLUMN kind TEXT NOT NULL DEFAULT 'raised';
ALTER TABLE messages ADD COLUMN form TEXT NOT NULL DEFAULT 'template';
ALTER TABLE messages ADD COLUMN confirm INTEGER;
ALTER TABLE messages ADD COLUMN confirm_by INTEGER;
ALTER TABLE messages ADD COLUMN instead_of INTEGER;
ALTER TABLE messages ADD COLUMN digest INTEGER;
ALTER TABLE messages ADD COLUMN successor INTEGER;
-- failure: JSON of a failed receipt that is still to be judged.
ALTER TABLE messages ADD COLUMN failure TEXT;
ALTER TABLE messages ADD COLUMN sent INTEGER;
ALTER TABLE messages ADD COLUMN delivered INTEGER;
ALTER TABLE messages ADD COLUMN read INTEGER;
CREATE INDEX messages_digest ON messages (digest) WHERE digest IS NOT NULL;
CREATE INDEX messages_confirm ON messages (confirm_by) WHERE confirm_by IS NOT NULL;
CREATE INDEX attempts_wamid ON attempts (wamid) WHERE wamid IS NOT NULL;

-- alone: nobody can be told instead; only the command is left.
ALTER TABLE untold ADD COLUMN alone INTEGER NOT NULL DEFAULT 0;

ALTER TABLE meta ADD COLUMN next_digest INTEGER NOT NULL DEFAULT 1;

-- Receipts that name no message that we know: its POST may still be under way. Kept for a day.
CREATE TABLE strays (
    wamid TEXT NOT NULL,
    stage TEXT NOT NULL,
    at INTEGER NOT NULL,
    code INTEGER,
    text TEXT NOT NULL DEFAULT '',
    came INTEGER NOT NULL,
    PRIMARY KEY (wamid, stage)
) WITHOUT ROWID;
CREATE INDEX strays_came ON strays (came);

-- What people wrote: the only table with their words. id: a fingerprint of Meta's id.
CREATE TABLE replies (
    id TEXT PRIMARY KEY,
    contact TEXT NOT NULL,
    at INTEGER NOT NULL,
    came INTEGER NOT NULL,
    word TEXT NOT NULL,
    message INTEGER,
    text TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX replies_contact ON replies (contact, came);

-- Acknowledgements of which the on_ack command has not been told, by notification.
CREATE TABLE unhooked (
    notification INTEGER PRIMARY KEY
);
