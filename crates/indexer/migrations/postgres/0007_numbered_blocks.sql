-- Rows know their block by a number of its own, as in SQLite: a third of a key's size, and in the order in which blocks were met, which
-- on every chain is that of their heights.
DROP VIEW payments;
ALTER TABLE vaults DROP CONSTRAINT vaults_chain_id_block_fkey;
ALTER TABLE purses DROP CONSTRAINT purses_chain_id_block_fkey;
ALTER TABLE heads DROP CONSTRAINT heads_chain_id_block_fkey;
ALTER TABLE states DROP CONSTRAINT states_chain_id_block_fkey;

ALTER TABLE blocks ADD COLUMN id BIGINT;
UPDATE blocks SET id = numbered.id
FROM (SELECT chain_id, hash, row_number() OVER (PARTITION BY chain_id ORDER BY number) AS id FROM blocks) numbered
WHERE blocks.chain_id = numbered.chain_id AND blocks.hash = numbered.hash;
CREATE FUNCTION id_of_block(BIGINT, BYTEA) RETURNS BIGINT LANGUAGE sql STABLE AS
    'SELECT id FROM blocks WHERE chain_id = $1 AND hash = $2';
-- The indexes of each month are made again: src/postgres/indexes.rs.
DO $$
DECLARE
    name TEXT;
BEGIN
    FOR name IN SELECT indexname FROM pg_indexes
                WHERE schemaname = current_schema() AND tablename ~ '^(logs|transfers|authorizations)_[0-9]+_' LOOP
        EXECUTE format('DROP INDEX %I', name);
    END LOOP;
END $$;
ALTER TABLE logs DROP COLUMN number, ALTER COLUMN block TYPE BIGINT USING id_of_block(chain_id, block);
ALTER TABLE transfers DROP COLUMN number, ALTER COLUMN block TYPE BIGINT USING id_of_block(chain_id, block);
ALTER TABLE authorizations DROP COLUMN number, ALTER COLUMN block TYPE BIGINT USING id_of_block(chain_id, block);
ALTER TABLE vaults ALTER COLUMN block TYPE BIGINT USING id_of_block(chain_id, block);
ALTER TABLE purses ALTER COLUMN block TYPE BIGINT USING id_of_block(chain_id, block);
ALTER TABLE heads DROP COLUMN number, ALTER COLUMN block TYPE BIGINT USING id_of_block(chain_id, block);
ALTER TABLE states DROP COLUMN number, ALTER COLUMN block TYPE BIGINT USING id_of_block(chain_id, block);
DROP FUNCTION id_of_block;

ALTER TABLE blocks DROP CONSTRAINT blocks_pkey;
ALTER TABLE blocks ADD PRIMARY KEY (chain_id, id), ADD UNIQUE (chain_id, hash);
ALTER TABLE vaults ADD FOREIGN KEY (chain_id, block) REFERENCES blocks (chain_id, id);
ALTER TABLE purses ADD FOREIGN KEY (chain_id, block) REFERENCES blocks (chain_id, id);
ALTER TABLE heads ADD FOREIGN KEY (chain_id, block) REFERENCES blocks (chain_id, id);
ALTER TABLE states ADD FOREIGN KEY (chain_id, block) REFERENCES blocks (chain_id, id);
CREATE INDEX heads_by_vault ON heads (chain_id, vault, block);

CREATE VIEW payments AS
SELECT chain_id, time, block, log_index, address AS vault, tx, topics, data, sequence,
       substr(topics, 61, 4)  AS session,
       substr(topics, 77, 20) AS payee,
       substr(topics, 97, 32) AS reference,
       substr(data, 13, 20)   AS token,
       substr(data, 49, 16)   AS amount,
       substr(data, 81, 16)   AS fee,
       substr(data, 109, 20)  AS fee_recipient,
       substr(data, 160, 1)   AS category,
       substr(data, 189, 4)   AS nonce
FROM logs
WHERE substr(topics, 1, 32) = '\x98f01651173c7265e2897ae241a0335060f8e0d2a83729e07978e894b1e79658' AND length(topics) = 128 AND length(data) = 224;
UPDATE pursestrings_index SET version = 7;
