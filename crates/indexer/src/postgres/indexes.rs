//! The indexes by account. While final blocks are caught up with, rows only come in: the index of a month is made once
//! afterwards, which takes a small part of the time of keeping it. Whoever reads meanwhile reads slowly.

use postgres::Transaction;

/// The tables in partitions, and by whose address they are read.
const BY_ACCOUNT: [(&str, &str); 5] = [
    ("logs", "address"),
    ("payments", "vault"),
    ("transfers", "sender"),
    ("transfers", "recipient"),
    ("authorizations", "purse"),
];

/// Makes the index of every partition of the chain that has none.
pub(super) fn make(tx: &mut Transaction<'_>, chain: i64) -> Result<(), postgres::Error> {
    for (table, account) in BY_ACCOUNT {
        let sql = "SELECT part.relname FROM pg_inherits JOIN pg_class part ON part.oid = inhrelid
                   WHERE inhparent = $1::text::regclass";
        for part in tx.query(sql, &[&format!("{table}_{chain}")])? {
            let part: String = part.try_get(0)?;
            tx.batch_execute(&format!(
                "CREATE INDEX IF NOT EXISTS {part}_by_{account} ON {part} ({account}, number, log_index)"
            ))?;
        }
    }
    Ok(())
}
