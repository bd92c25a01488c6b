-- One file follows one factory on one chain: the row is written when the file is made and never changes.
CREATE TABLE chain (
    id         INTEGER PRIMARY KEY CHECK (id = 1),
    chain_id   INTEGER NOT NULL,
    factory    BLOB CHECK (factory IS NULL OR length(factory) = 20),
    from_block INTEGER
) STRICT;

-- Blocks that hold a log, and every block of the last few (deep enough to find a reorg's common ancestor).
-- A block that a reorg orphaned is kept with its logs and marked; it may come back.
CREATE TABLE blocks (
    id       INTEGER PRIMARY KEY,
    number   INTEGER NOT NULL,
    hash     BLOB    NOT NULL UNIQUE CHECK (length(hash) = 32),
    parent   BLOB    NOT NULL CHECK (length(parent) = 32),
    time     INTEGER NOT NULL,
    logs     INTEGER NOT NULL,
    orphaned INTEGER NOT NULL DEFAULT 0 CHECK (orphaned IN (0, 1))
) STRICT;
CREATE UNIQUE INDEX one_canonical_block_per_number ON blocks (number) WHERE orphaned = 0;
CREATE INDEX empty_blocks ON blocks (number) WHERE logs = 0 AND orphaned = 0;

-- Raw logs, as the node gave them. A block is known by its hash, so a log is unique by (chain, block hash, index).
-- sequence is a vault's own count of its events: the last word of data where it is a 32-bit number; none for the two
-- events that have no such number (PaymentFailed, ChangeCall).
CREATE TABLE logs (
    block     INTEGER NOT NULL REFERENCES blocks (id),
    log_index INTEGER NOT NULL,
    address   BLOB    NOT NULL CHECK (length(address) = 20),
    tx        BLOB    NOT NULL CHECK (length(tx) = 32),
    topics    BLOB    NOT NULL CHECK (length(topics) % 32 = 0),
    data      BLOB    NOT NULL,
    sequence  INTEGER,
    PRIMARY KEY (block, log_index)
) STRICT, WITHOUT ROWID;
CREATE INDEX logs_by_vault ON logs (address, sequence);

-- Vaults, by the factory's VaultCreated log. proven = its address was recomputed from the vault's creation code.
CREATE TABLE vaults (
    block     INTEGER NOT NULL,
    log_index INTEGER NOT NULL,
    address   BLOB    NOT NULL CHECK (length(address) = 20),
    owner     BLOB    NOT NULL CHECK (length(owner) = 20),
    treasury  BLOB    NOT NULL CHECK (length(treasury) = 20),
    guardian  BLOB    NOT NULL CHECK (length(guardian) = 20),
    salt      BLOB    NOT NULL CHECK (length(salt) = 32),
    proven    INTEGER NOT NULL CHECK (proven IN (0, 1)),
    PRIMARY KEY (block, log_index),
    FOREIGN KEY (block, log_index) REFERENCES logs (block, log_index)
) STRICT, WITHOUT ROWID;

-- How far the file has come: everything up to and including this block is in it.
CREATE TABLE cursor (
    id    INTEGER PRIMARY KEY CHECK (id = 1),
    block INTEGER NOT NULL REFERENCES blocks (id)
) STRICT;
