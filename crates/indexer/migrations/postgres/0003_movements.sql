-- What tokens say of vaults and purses; see migrations/sqlite/0004_movements.sql. What an older program indexed lacks it; the
-- chain has it all again, so each index begins anew.
TRUNCATE ranges, heads, payments, vaults, logs, blocks;
UPDATE chains SET finalized = 0, confirmed = 0, cursor_number = NULL, cursor_hash = NULL;

CREATE TABLE purses (
    chain_id  BIGINT NOT NULL,
    block     BYTEA  NOT NULL,
    log_index BIGINT NOT NULL,
    address   BYTEA  NOT NULL,
    vault     BYTEA  NOT NULL,
    session   BIGINT NOT NULL,
    category  BIGINT NOT NULL,
    token     BYTEA  NOT NULL,
    PRIMARY KEY (chain_id, block, log_index),
    FOREIGN KEY (chain_id, block) REFERENCES blocks (chain_id, hash)
);

CREATE TABLE transfers (
    chain_id  BIGINT NOT NULL,
    time      BIGINT NOT NULL,
    number    BIGINT NOT NULL,
    block     BYTEA  NOT NULL,
    log_index BIGINT NOT NULL,
    tx        BYTEA  NOT NULL,
    token     BYTEA  NOT NULL,
    sender    BYTEA  NOT NULL,
    recipient BYTEA  NOT NULL,
    amount    BYTEA  NOT NULL,
    PRIMARY KEY (chain_id, time, block, log_index)
) PARTITION BY LIST (chain_id);
CREATE INDEX transfers_by_sender ON transfers (sender, number, log_index);
CREATE INDEX transfers_by_recipient ON transfers (recipient, number, log_index);

CREATE TABLE authorizations (
    chain_id  BIGINT NOT NULL,
    time      BIGINT NOT NULL,
    number    BIGINT NOT NULL,
    block     BYTEA  NOT NULL,
    log_index BIGINT NOT NULL,
    tx        BYTEA  NOT NULL,
    token     BYTEA  NOT NULL,
    purse     BYTEA  NOT NULL,
    nonce     BYTEA  NOT NULL,
    PRIMARY KEY (chain_id, time, block, log_index)
) PARTITION BY LIST (chain_id);
CREATE INDEX authorizations_by_purse ON authorizations (purse, number, log_index);
UPDATE pursestrings_index SET version = 3;
