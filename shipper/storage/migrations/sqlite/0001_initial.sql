-- What was reported, as it was stored: the facts from which everything else can be worked out again
CREATE TABLE events (
    id TEXT NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL,
    time INTEGER NOT NULL,
    received INTEGER NOT NULL,
    operator TEXT NOT NULL,
    cluster TEXT NOT NULL,
    session TEXT NOT NULL,
    late INTEGER NOT NULL DEFAULT 0, -- 1: too late to count
    body TEXT NOT NULL
) STRICT;
-- Every index costs with every event: heartbeats are in none but the key
CREATE INDEX events_by_kind ON events (kind, time) WHERE kind IN ('error', 'session_denied');

-- What the events of a session add up to (shipper/usage/sessions.py)
CREATE TABLE sessions (
    id TEXT NOT NULL PRIMARY KEY,
    started INTEGER, -- NULL: only later events have come yet, and nobody holds a seat
    started_event TEXT NOT NULL DEFAULT '',
    last_seen INTEGER, -- NULL: nothing but its end has come yet
    last_active INTEGER NOT NULL,
    ended INTEGER,
    over INTEGER NOT NULL, -- the first instant at which it is no longer open
    ci INTEGER NOT NULL DEFAULT 0,
    heartbeat_seconds INTEGER NOT NULL DEFAULT 60,
    cluster TEXT NOT NULL DEFAULT '',
    operator TEXT NOT NULL DEFAULT '',
    machine_id TEXT NOT NULL DEFAULT '',
    username TEXT NOT NULL DEFAULT '',
    client_hostname TEXT NOT NULL DEFAULT '',
    client_username TEXT NOT NULL DEFAULT '',
    user_identity TEXT NOT NULL DEFAULT '',
    machine_identity TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX sessions_by_over ON sessions (over);
CREATE INDEX sessions_by_user ON sessions (user_identity);
CREATE INDEX sessions_by_machine ON sessions (machine_identity);
CREATE INDEX sessions_by_activity ON sessions (last_active);

-- When each holder of a seat was active last, so that a claim reads no sessions; those of CI hold none
CREATE TABLE holders (
    unit TEXT NOT NULL,
    identity TEXT NOT NULL,
    last_active INTEGER NOT NULL,
    PRIMARY KEY (unit, identity)
) STRICT, WITHOUT ROWID;
CREATE INDEX holders_by_activity ON holders (unit, last_active);

CREATE TABLE operators (
    operator TEXT NOT NULL PRIMARY KEY,
    cluster TEXT NOT NULL,
    version TEXT NOT NULL DEFAULT '',
    last_contact INTEGER NOT NULL
) STRICT;

-- Named keys; of the key itself only its SHA-256 in hex
CREATE TABLE keys (
    name TEXT NOT NULL PRIMARY KEY,
    scopes TEXT NOT NULL,
    hash TEXT NOT NULL UNIQUE,
    created INTEGER NOT NULL,
    last_used INTEGER,
    revoked INTEGER
) STRICT;

-- The highest of something that must not go back: the clock, the serial of a license
CREATE TABLE marks (
    name TEXT NOT NULL PRIMARY KEY,
    value INTEGER NOT NULL
) STRICT;
