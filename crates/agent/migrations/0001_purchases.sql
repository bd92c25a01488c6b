-- One file is of one session: the row is written when the file is made and never changes.
CREATE TABLE session (
    id       INTEGER PRIMARY KEY CHECK (id = 1),
    chain_id INTEGER NOT NULL,
    vault    BLOB    NOT NULL CHECK (length(vault) = 20),
    session  INTEGER NOT NULL
) STRICT;

-- One purchase, one row, one nonce of the token. Written before anything is signed; what is signed before it is sent.
CREATE TABLE purchases (
    id             INTEGER PRIMARY KEY,
    purchase       TEXT    NOT NULL UNIQUE,
    derived        INTEGER NOT NULL CHECK (derived IN (0, 1)),   -- the id was made up here
    request        BLOB    NOT NULL CHECK (length(request) = 32), -- hash of method, URL and body
    method         TEXT    NOT NULL,
    url            TEXT    NOT NULL,
    reason         TEXT    NOT NULL,
    reference      BLOB    NOT NULL CHECK (length(reference) = 32),
    state          TEXT    NOT NULL CHECK (state IN ('reserved', 'signed', 'sent', 'settled', 'refused', 'unknown')),
    reconciled     INTEGER NOT NULL DEFAULT 0 CHECK (reconciled IN (0, 1)), -- the chain said so, not the seller
    version        INTEGER NOT NULL,
    purse          BLOB    NOT NULL CHECK (length(purse) = 20),
    token          BLOB    NOT NULL CHECK (length(token) = 20),
    payee          BLOB    NOT NULL CHECK (length(payee) = 20),
    category       INTEGER NOT NULL,
    amount         TEXT    NOT NULL, -- base units; may exceed 63 bits
    nonce          BLOB    NOT NULL CHECK (length(nonce) = 32),
    valid_before   INTEGER NOT NULL, -- the chain's time; from then on the authorisation is dead
    reserved_block INTEGER NOT NULL, -- the block at which the purse's balance was read
    header         TEXT,             -- what goes to the seller: the signed authorisation, to be sent again as it is
    tx             BLOB    CHECK (tx IS NULL OR length(tx) = 32),
    block          INTEGER,
    refusal        TEXT,             -- JSON, in the one shape
    answer_status  INTEGER,
    answer_type    TEXT,
    answer_body    BLOB,
    handed_over    INTEGER NOT NULL DEFAULT 0 CHECK (handed_over IN (0, 1)), -- whoever bought has the answer
    created        INTEGER NOT NULL,
    updated        INTEGER NOT NULL
) STRICT;
CREATE INDEX purchases_of_a_request ON purchases (request) WHERE derived = 1;
CREATE INDEX purchases_that_hold_money ON purchases (purse, valid_before);
