//! When the next step happens: often at once, often at a border of something, now and then far away.

use super::Generator;
use crate::model::{LIFETIME, Limit, Vault};

const HOUR: u64 = 3_600;
const DAY: u64 = 86_400;
/// No step jumps to a border further away than this.
const HORIZON: u64 = 31 * DAY;
/// 32-bit time ends here; a little later so do the tests.
const END: u64 = (1 << 32) + DAY;

impl Generator<'_> {
    /// The next step's time.
    pub(super) fn advance(&mut self, vault: &Vault) -> u64 {
        let now = self.now;
        let ways = [(40, 0), (25, 1), (16, 2), (9, 3), (4, 4), (1, 5), (1, 6)];
        let next = match self.dice.weighted(&ways) {
            Some(1) => now + self.dice.between(1, 120),
            Some(2) => {
                let borders = borders(vault, now);
                let border = self.dice.pick(&borders).unwrap_or(now + 1);
                border + self.dice.between(0, 2) - 1
            }
            Some(3) => now + self.dice.between(60, 2 * HOUR),
            Some(4) => now + self.dice.between(HOUR, 2 * DAY),
            Some(5) => now + self.dice.between(DAY, 12 * DAY),
            // Block time does not go back; the definitions say all the same what would happen
            Some(6) if self.dice.chance(0.3) => now - self.dice.between(1, HOUR),
            _ => now,
        };
        next.min(END)
    }
}

/// Borders that lie ahead: of sessions, of waiting changes, of limits' quarter windows, and when what was counted leaves
/// the window.
fn borders(vault: &Vault, now: u64) -> Vec<u64> {
    let sessions = vault.sessions.values().flat_map(|session| [session.valid_from, session.valid_until]);
    let changes = vault.waiting.iter().flat_map(|change| [change.executable_from, change.executable_until()]);
    let mut borders: Vec<u64> = sessions.chain(changes).map(u64::from).collect();
    for ((_, window), limit) in &vault.limits {
        if *window == LIFETIME {
            continue;
        }
        let quarter = Limit::quarter(*window);
        borders.push((now / quarter + 1) * quarter);
        borders.extend(limit.counted.iter().rev().take(3).map(|(time, _)| (time / quarter + 5) * quarter));
        borders.extend(limit.counted.iter().rev().take(2).map(|(time, _)| time + u64::from(*window)));
    }
    borders.retain(|border| *border > now && *border <= now + HORIZON);
    borders
}
