-- The vaults' states; see migrations/sqlite/0006_states.sql.
CREATE TABLE states (
    chain_id BIGINT NOT NULL,
    vault    BYTEA  NOT NULL,
    block    BYTEA  NOT NULL,
    number   BIGINT NOT NULL,
    format   BIGINT NOT NULL,
    state    BYTEA  NOT NULL,
    PRIMARY KEY (chain_id, vault, block),
    FOREIGN KEY (chain_id, block) REFERENCES blocks (chain_id, hash)
);
UPDATE pursestrings_index SET version = 6;
