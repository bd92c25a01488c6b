-- Every vault's state after every block that is not final and in which it or a token of its logged something, and after the
-- last final one: what its events leave and what came and went, folded by this program (format: how it is written;
-- src/state.rs). A rollback needs no undoing: the last state of the blocks that are left is the state. Where a vault has none
-- it is folded from the rows.
CREATE TABLE states (
    vault  BLOB    NOT NULL CHECK (length(vault) = 20),
    block  INTEGER NOT NULL REFERENCES blocks (id),
    format INTEGER NOT NULL,
    state  BLOB    NOT NULL,
    PRIMARY KEY (vault, block)
) STRICT;
