//! The indexes of logs, transfers and authorizations: unique by block and number, and by account. While final blocks are
//! caught up with, rows only come in: the indexes of a month are made once afterwards, which takes a small part of the
//! time of keeping them. Until then no log is there twice because no block is: its hash is a key of `blocks`, always.
//! Whoever reads meanwhile reads slowly.

use postgres::Transaction;

/// Of which table, its name, and its columns.
const INDEXES: [(&str, &str, &str); 7] = [
    ("logs", "once", "chain_id, time, block, log_index"),
    ("logs", "by_address", "address, number, log_index"),
    ("transfers", "once", "chain_id, time, block, log_index"),
    ("transfers", "by_sender", "sender, number, log_index"),
    ("transfers", "by_recipient", "recipient, number, log_index"),
    ("authorizations", "once", "chain_id, time, block, log_index"),
    ("authorizations", "by_purse", "purse, number, log_index"),
];

/// Makes what every partition of the chain lacks.
pub(super) fn make(tx: &mut Transaction<'_>, chain: i64) -> Result<(), postgres::Error> {
    for (table, name, columns) in INDEXES {
        let sql = "SELECT part.relname FROM pg_inherits JOIN pg_class part ON part.oid = inhrelid
                   WHERE inhparent = $1::text::regclass";
        let unique = if name == "once" { "UNIQUE" } else { "" };
        for part in tx.query(sql, &[&format!("{table}_{chain}")])? {
            let part: String = part.try_get(0)?;
            let sql = format!("CREATE {unique} INDEX IF NOT EXISTS {part}_{name} ON {part} ({columns})");
            tx.batch_execute(&sql)?;
        }
    }
    Ok(())
}
