-- How well blocks are known: ranges that meet, from the first block to the cursor. What a reorg undoes is cut off.
CREATE TABLE ranges (
    first INTEGER PRIMARY KEY,
    last  INTEGER NOT NULL CHECK (last >= first),
    truth TEXT    NOT NULL CHECK (truth IN ('claimed', 'linked', 'proven'))
) STRICT;
INSERT INTO ranges SELECT from_block, number, 'claimed' FROM chain, cursor JOIN blocks ON blocks.id = cursor.block;
