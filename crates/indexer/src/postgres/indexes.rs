//! The indexes of logs, transfers and authorizations: unique by block and number, and by account. While final blocks are
//! caught up with, rows only come in: the indexes of a month are made once afterwards, which takes a small part of the
//! time of keeping them. Until then no log is there twice because no block is: its hash is a key of `blocks`, always.
//! Whoever reads meanwhile reads slowly.

use postgres::{Client, Config, Error, GenericClient, NoTls};
use std::sync::Mutex;
use std::thread;

/// Of which table, its name, and its columns; those that take longest first.
const INDEXES: [(&str, &str, &str); 7] = [
    ("logs", "by_address", "address, block"),
    ("transfers", "by_sender", "sender, block"),
    ("transfers", "by_recipient", "recipient, block"),
    ("logs", "once", "block, log_index"),
    ("transfers", "once", "block, log_index"),
    ("authorizations", "by_purse", "purse, block"),
    ("authorizations", "once", "block, log_index"),
];

/// Makes what every partition of the chain lacks.
pub(super) fn make(client: &mut impl GenericClient, chain: i64) -> Result<(), Error> {
    missing(client, chain)?.iter().try_for_each(|sql| client.batch_execute(sql))
}

/// The same for what is committed, on two connections at once: each by itself, since a second worker for one index saves next to
/// nothing. Where the database grants no second connection, it takes longer.
pub(super) fn make_on_two(client: &mut Client, other: &Config, path: &str, chain: i64) -> Result<(), Error> {
    let missing = Mutex::new(missing(client, chain)?.into_iter());
    let next = || missing.lock().ok().and_then(|mut missing| missing.next());
    let make = |client: &mut Client| -> Result<(), Error> {
        while let Some(sql) = next() {
            client.batch_execute(&sql)?;
        }
        Ok(())
    };
    let connect = || {
        let mut client = other.connect(NoTls)?;
        client.batch_execute(&format!("{path}; SET max_parallel_maintenance_workers = 0"))?;
        Ok::<_, Error>(client)
    };
    client.batch_execute("SET max_parallel_maintenance_workers = 0")?;
    thread::scope(|scope| {
        let second = scope.spawn(|| connect().map_or(Ok(()), |mut client| make(&mut client)));
        make(client)?;
        second.join().unwrap_or(Ok(()))
    })?;
    client.batch_execute("RESET max_parallel_maintenance_workers")
}

/// What makes each index that a partition of the chain lacks.
fn missing(client: &mut impl GenericClient, chain: i64) -> Result<Vec<String>, Error> {
    let mut missing = Vec::new();
    for (table, name, columns) in INDEXES {
        let sql = "SELECT part.relname FROM pg_inherits JOIN pg_class part ON part.oid = inhrelid
                   WHERE inhparent = $1::text::regclass
                     AND to_regclass(quote_ident(part.relname || '_' || $2)) IS NULL";
        let unique = if name == "once" { "UNIQUE" } else { "" };
        for part in client.query(sql, &[&format!("{table}_{chain}"), &name])? {
            let part: String = part.try_get(0)?;
            missing.push(format!("CREATE {unique} INDEX IF NOT EXISTS {part}_{name} ON {part} ({columns})"));
        }
    }
    Ok(missing)
}
