-- What tokens say of vaults and purses. What an older program indexed lacks it; the chain has it all again, so the index
-- begins anew.
DELETE FROM cursor;
DELETE FROM ranges;
DELETE FROM heads;
DELETE FROM payments;
DELETE FROM vaults;
DELETE FROM logs;
DELETE FROM blocks;
UPDATE chain SET finalized = 0, confirmed = 0;

-- Purses, by the vault's PurseOpened log.
CREATE TABLE purses (
    block     INTEGER NOT NULL,
    log_index INTEGER NOT NULL,
    address   BLOB    NOT NULL CHECK (length(address) = 20),
    vault     BLOB    NOT NULL CHECK (length(vault) = 20),
    session   INTEGER NOT NULL,
    category  INTEGER NOT NULL,
    token     BLOB    NOT NULL CHECK (length(token) = 20),
    PRIMARY KEY (block, log_index),
    FOREIGN KEY (block, log_index) REFERENCES logs (block, log_index)
) STRICT, WITHOUT ROWID;

-- A token's Transfer from or to a vault or a purse: the row holds all that the log says, so there is no raw log beside it.
-- Amounts are 32 bytes, big-endian: exact, and in order.
CREATE TABLE transfers (
    block     INTEGER NOT NULL REFERENCES blocks (id),
    log_index INTEGER NOT NULL,
    tx        BLOB    NOT NULL CHECK (length(tx) = 32),
    token     BLOB    NOT NULL CHECK (length(token) = 20),
    sender    BLOB    NOT NULL CHECK (length(sender) = 20),
    recipient BLOB    NOT NULL CHECK (length(recipient) = 20),
    amount    BLOB    NOT NULL CHECK (length(amount) = 32),
    PRIMARY KEY (block, log_index)
) STRICT, WITHOUT ROWID;
CREATE INDEX transfers_by_sender ON transfers (sender);
CREATE INDEX transfers_by_recipient ON transfers (recipient);

-- A token's AuthorizationUsed of a purse, likewise.
CREATE TABLE authorizations (
    block     INTEGER NOT NULL REFERENCES blocks (id),
    log_index INTEGER NOT NULL,
    tx        BLOB    NOT NULL CHECK (length(tx) = 32),
    token     BLOB    NOT NULL CHECK (length(token) = 20),
    purse     BLOB    NOT NULL CHECK (length(purse) = 20),
    nonce     BLOB    NOT NULL CHECK (length(nonce) = 32),
    PRIMARY KEY (block, log_index)
) STRICT, WITHOUT ROWID;
CREATE INDEX authorizations_by_purse ON authorizations (purse);
