-- What became of a purchase is judged at the newest block, and looked at again until no reorganisation can change it.
ALTER TABLE purchases ADD COLUMN final INTEGER NOT NULL DEFAULT 0 CHECK (final IN (0, 1));
CREATE INDEX purchases_not_final ON purchases (id) WHERE final = 0;
