-- Who asks with other headers (Accept, Authorization) gets no answer that was left for this request.
ALTER TABLE purchases ADD COLUMN headers BLOB CHECK (headers IS NULL OR length(headers) = 32); -- NULL: from before
