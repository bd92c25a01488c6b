-- Makes of a PostgreSQL index what an older program would have written, to which a block was its hash: schema 6.
DROP VIEW payments;
ALTER TABLE vaults DROP CONSTRAINT vaults_chain_id_block_fkey;
ALTER TABLE purses DROP CONSTRAINT purses_chain_id_block_fkey;
ALTER TABLE heads DROP CONSTRAINT heads_chain_id_block_fkey;
ALTER TABLE states DROP CONSTRAINT states_chain_id_block_fkey;
CREATE FUNCTION hash_of(BIGINT, BIGINT) RETURNS BYTEA LANGUAGE sql STABLE AS
    'SELECT hash FROM blocks WHERE chain_id = $1 AND id = $2';
DO $$
DECLARE
    part TEXT;
BEGIN
    FOREACH part IN ARRAY ARRAY['logs', 'transfers', 'authorizations', 'heads', 'states'] LOOP
        EXECUTE format('ALTER TABLE %I ADD COLUMN number BIGINT', part);
        EXECUTE format('UPDATE %I SET number = b.number FROM blocks b WHERE b.chain_id = %I.chain_id AND b.id = block', part, part);
    END LOOP;
    FOREACH part IN ARRAY ARRAY['logs', 'transfers', 'authorizations', 'heads', 'states', 'vaults', 'purses'] LOOP
        EXECUTE format('ALTER TABLE %I ALTER COLUMN block TYPE BYTEA USING hash_of(chain_id, block)', part);
    END LOOP;
END $$;
DROP FUNCTION hash_of;
ALTER TABLE blocks DROP CONSTRAINT blocks_pkey, DROP CONSTRAINT blocks_chain_id_hash_key, DROP COLUMN id;
ALTER TABLE blocks ADD PRIMARY KEY (chain_id, hash);
ALTER TABLE vaults ADD FOREIGN KEY (chain_id, block) REFERENCES blocks (chain_id, hash);
ALTER TABLE purses ADD FOREIGN KEY (chain_id, block) REFERENCES blocks (chain_id, hash);
ALTER TABLE heads ADD FOREIGN KEY (chain_id, block) REFERENCES blocks (chain_id, hash);
ALTER TABLE states ADD FOREIGN KEY (chain_id, block) REFERENCES blocks (chain_id, hash);
DROP INDEX heads_by_vault;
CREATE INDEX heads_by_vault ON heads (chain_id, vault, number);
CREATE VIEW payments AS SELECT * FROM logs;
UPDATE pursestrings_index SET version = 6;
