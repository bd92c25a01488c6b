-- A payment is its log: the columns that repeated it are read from its words. Numbers are big-endian bytes, as in the log.
DROP TABLE payments;
CREATE VIEW payments AS
SELECT block, log_index, address AS vault, tx, topics, data, sequence,
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
WHERE substr(topics, 1, 32) = X'98f01651173c7265e2897ae241a0335060f8e0d2a83729e07978e894b1e79658' AND length(topics) = 128 AND length(data) = 224;
