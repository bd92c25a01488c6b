-- The indexes by account are made on each month's partition, once its final blocks are in: src/postgres/indexes.rs.
DROP INDEX IF EXISTS logs_by_vault;
DROP INDEX IF EXISTS payments_by_vault;
DROP INDEX IF EXISTS transfers_by_sender;
DROP INDEX IF EXISTS transfers_by_recipient;
DROP INDEX IF EXISTS authorizations_by_purse;
UPDATE pursestrings_index SET version = 4;
