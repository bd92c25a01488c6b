-- How well blocks are known: ranges that meet, from the first block to the cursor. What a reorg undoes is cut off.
CREATE TABLE ranges (
    chain_id BIGINT NOT NULL REFERENCES chains,
    first    BIGINT NOT NULL,
    last     BIGINT NOT NULL CHECK (last >= first),
    truth    TEXT   NOT NULL CHECK (truth IN ('claimed', 'linked', 'proven')),
    PRIMARY KEY (chain_id, first)
);
INSERT INTO ranges SELECT chain_id, from_block, cursor_number, 'claimed' FROM chains WHERE cursor_number IS NOT NULL;
UPDATE pursestrings_index SET version = 2;
