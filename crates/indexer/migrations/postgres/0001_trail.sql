-- The shared index: any number of chains, one factory each. The same rows as in SQLite (migrations/sqlite), but a block is
-- known by its hash everywhere, and logs and payments lie in partitions by chain and month.

-- finalized, confirmed: see Extent in src/rows.rs. The cursor: everything up to and including this block is in.
CREATE TABLE chains (
    chain_id      BIGINT PRIMARY KEY,
    factory       BYTEA,
    from_block    BIGINT,
    finalized     BIGINT NOT NULL DEFAULT 0,
    confirmed     BIGINT NOT NULL DEFAULT 0,
    cursor_number BIGINT,
    cursor_hash   BYTEA
);

CREATE TABLE blocks (
    chain_id BIGINT  NOT NULL REFERENCES chains,
    number   BIGINT  NOT NULL,
    hash     BYTEA   NOT NULL,
    parent   BYTEA   NOT NULL,
    time     BIGINT  NOT NULL,
    logs     BIGINT  NOT NULL,
    orphaned BOOLEAN NOT NULL DEFAULT FALSE,
    PRIMARY KEY (chain_id, hash)
);
CREATE UNIQUE INDEX one_canonical_block_per_number ON blocks (chain_id, number) WHERE NOT orphaned;
CREATE INDEX empty_blocks ON blocks (chain_id, number) WHERE logs = 0 AND NOT orphaned;

-- time is the block's: what a log is partitioned by has to be in its key, and follows from the block.
CREATE TABLE logs (
    chain_id  BIGINT NOT NULL,
    time      BIGINT NOT NULL,
    number    BIGINT NOT NULL,
    block     BYTEA  NOT NULL,
    log_index BIGINT NOT NULL,
    address   BYTEA  NOT NULL,
    tx        BYTEA  NOT NULL,
    topics    BYTEA  NOT NULL,
    data      BYTEA  NOT NULL,
    sequence  BIGINT,
    PRIMARY KEY (chain_id, time, block, log_index)
) PARTITION BY LIST (chain_id);
CREATE INDEX logs_by_vault ON logs (address, number, log_index);

CREATE TABLE vaults (
    chain_id  BIGINT  NOT NULL,
    block     BYTEA   NOT NULL,
    log_index BIGINT  NOT NULL,
    address   BYTEA   NOT NULL,
    owner     BYTEA   NOT NULL,
    treasury  BYTEA   NOT NULL,
    guardian  BYTEA   NOT NULL,
    salt      BYTEA   NOT NULL,
    proven    BOOLEAN NOT NULL,
    PRIMARY KEY (chain_id, block, log_index),
    FOREIGN KEY (chain_id, block) REFERENCES blocks (chain_id, hash)
);

-- Amounts are 16 bytes, big-endian: exact, and in order.
CREATE TABLE payments (
    chain_id      BIGINT NOT NULL,
    time          BIGINT NOT NULL,
    number        BIGINT NOT NULL,
    block         BYTEA  NOT NULL,
    log_index     BIGINT NOT NULL,
    vault         BYTEA  NOT NULL,
    sequence      BIGINT NOT NULL,
    session       BIGINT NOT NULL,
    nonce         BIGINT NOT NULL,
    payee         BYTEA  NOT NULL,
    category      BIGINT NOT NULL,
    token         BYTEA  NOT NULL,
    amount        BYTEA  NOT NULL,
    fee           BYTEA  NOT NULL,
    fee_recipient BYTEA  NOT NULL,
    reference     BYTEA  NOT NULL,
    PRIMARY KEY (chain_id, time, block, log_index)
) PARTITION BY LIST (chain_id);
CREATE INDEX payments_by_vault ON payments (vault, number, log_index);

CREATE TABLE heads (
    chain_id     BIGINT NOT NULL,
    block        BYTEA  NOT NULL,
    number       BIGINT NOT NULL,
    vault        BYTEA  NOT NULL,
    sequence     BIGINT NOT NULL,
    running_hash BYTEA  NOT NULL,
    PRIMARY KEY (chain_id, block, vault),
    FOREIGN KEY (chain_id, block) REFERENCES blocks (chain_id, hash)
);
CREATE INDEX heads_by_vault ON heads (chain_id, vault, number);

-- One row; its presence marks a schema as an index of Pursestrings.
CREATE TABLE pursestrings_index (version INTEGER NOT NULL);
INSERT INTO pursestrings_index VALUES (1);
