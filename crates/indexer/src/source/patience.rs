//! How long to wait before a question is asked again that was not answered. Pure.

use std::time::Duration;

/// How long to wait for the first time; twice as long each time after it.
pub(crate) const PATIENCE: Duration = Duration::from_millis(250);
/// How often a node that is away is asked again: for some 4 seconds. One that is still away is reported.
const ASKED_AGAIN: u32 = 4;
/// The same for one that wants to be asked less often: for about a minute, over which providers count.
const ASKED_LESS_OFTEN: u32 = 8;
/// Who wants to be left alone for longer is reported.
const LONGEST: Duration = Duration::from_secs(60);

/// When the same question may be answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Later {
    /// Soon: the node is away.
    Soon,
    /// When the node was asked less often for a while; for how long, where it says so.
    LessOften(Option<Duration>),
}

impl Later {
    /// How long to wait before asking for the `time`th time again, counted from 0; none: give up.
    pub(crate) fn pause(self, patience: Duration, time: u32) -> Option<Duration> {
        let usual = patience * 2_u32.pow(time);
        match self {
            Self::Soon => (time < ASKED_AGAIN).then_some(usual),
            Self::LessOften(wanted) => {
                let pause = wanted.unwrap_or_default().max(usual);
                (time < ASKED_LESS_OFTEN && pause <= LONGEST).then_some(pause)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pauses(later: Later) -> Vec<u64> {
        (0..).map_while(|time| later.pause(PATIENCE, time)).map(|pause| pause.as_millis() as u64).collect()
    }

    #[test]
    fn a_node_that_is_away_is_soon_reported() {
        assert_eq!(pauses(Later::Soon), [250, 500, 1_000, 2_000]);
    }

    #[test]
    fn a_node_that_is_asked_too_often_is_waited_for_as_it_wants() {
        assert_eq!(pauses(Later::LessOften(None)), [250, 500, 1_000, 2_000, 4_000, 8_000, 16_000, 32_000]);
        let seven = Later::LessOften(Some(Duration::from_secs(7)));
        assert_eq!(pauses(seven), [7_000, 7_000, 7_000, 7_000, 7_000, 8_000, 16_000, 32_000]);
        assert_eq!(pauses(Later::LessOften(Some(Duration::from_secs(61)))), [0; 0], "an hour is nobody's patience");
    }
}
